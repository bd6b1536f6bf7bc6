import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BenchRepository } from "./bench-context.ts";
import { addressesOf, type GitClient } from "./git-client.ts";
import { runGit } from "./git-reference.ts";
import { median, timed } from "./measure.ts";
import type { ServerProcess } from "./server-process.ts";
import { atMost, ms, type Row } from "./table.ts";

/** A copy of the repository under a name of its own. */
export type Copy = (name: string) => BenchRepository;

/** Small pushes, one after the other, and pushes of many references, each durable on both sides. */
export async function* pushRows(
  server: ServerProcess,
  client: GitClient,
  copy: Copy,
  rounds: number,
): AsyncGenerator<Row> {
  const place = await workingClone(client, copy("push-source.git"));
  for (const [door, limit] of [
    ["http", 1.6],
    ["ssh", 3],
  ] as const) {
    const times = { ours: [] as number[], path: [] as number[] };
    const ours = addressesOf(server, copy(`push-${door}.git`).gitDir, `push-${door}.git`)[door];
    const path = durable(copy(`push-${door}-path.git`));
    for (let round = 0; round < rounds; round++) {
      await commitOne(client, place, round);
      times.ours.push(await timed(() => client.git(["push", "-q", ours, "HEAD:refs/heads/main"], place)));
      times.path.push(await timed(() => client.git(["push", "-q", path, "HEAD:refs/heads/main"], place)));
    }
    yield atMost(`push of one small commit, ${door}`, median(times.ours), median(times.path), limit, ms);
  }
  // Over HTTP git's client matches every name with every other one: for thousands of them that is nearly all of its time.
  for (const door of ["ssh", "http"] as const) {
    const few = { name: "323 branches and tags", count: 323, limit: 1.3, door, rounds: 3 };
    yield* manyReferencesRow(server, client, copy, place, few);
    const many = { name: "5,000 new refs", count: 5_000, limit: 1.2, door, rounds: door === "ssh" ? 3 : 1 };
    yield* manyReferencesRow(server, client, copy, place, many);
  }
}

interface Many {
  readonly name: string;
  readonly count: number;
  readonly limit: number;
  readonly door: "ssh" | "http";
  readonly rounds: number;
}

async function* manyReferencesRow(
  server: ServerProcess,
  client: GitClient,
  copy: Copy,
  place: string,
  { name, count, limit, door, rounds }: Many,
): AsyncGenerator<Row> {
  const times = { ours: [] as number[], path: [] as number[] };
  const commits = (await client.git(["rev-list", "-n", String(count), "HEAD"], place)).trim().split("\n");
  const refs = commits.map((oid, n) => `create refs/many/${n % 3 === 0 ? "tags" : "heads"}/${count}-${n} ${oid}\n`);
  runGit(place, ["update-ref", "--stdin"], refs.join(""));
  const specs = ["refs/many/heads/*:refs/heads/*", "refs/many/tags/*:refs/tags/*"];
  for (let round = 0; round < rounds; round++) {
    const relative = `push-many-${door}-${count}-${round}.git`;
    const ours = addressesOf(server, copy(relative).gitDir, relative)[door];
    const path = durable(copy(`push-many-path-${door}-${count}-${round}.git`));
    times.ours.push(await timed(() => client.git(["push", "-q", ours, ...specs], place)));
    times.path.push(await timed(() => client.git(["push", "-q", path, ...specs], place)));
  }
  runGit(place, ["update-ref", "--stdin"], refs.map((line) => line.replace(/^create (\S+) .*/, "delete $1")).join(""));
  yield atMost(`push of ${name}, ${door}`, median(times.ours), median(times.path), limit, ms);
}

/** The path of a repository in which git flushes all that it writes. */
function durable({ gitDir }: BenchRepository): string {
  runGit(gitDir, ["config", "core.fsync", "all"]);
  return `file://${gitDir}`;
}

async function workingClone(client: GitClient, source: BenchRepository): Promise<string> {
  const place = client.fresh("work");
  await client.git(["clone", "-q", "--no-checkout", source.gitDir, place]);
  await client.git(["read-tree", "HEAD"], place);
  return place;
}

async function commitOne(client: GitClient, place: string, round: number): Promise<void> {
  const name = `pushed-${round}.txt`;
  writeFileSync(join(place, name), `content ${round} ${Math.random()}\n`);
  await client.git(["update-index", "--add", name], place);
  await client.git(["commit", "-q", "-m", `Push ${round}`], place);
}
