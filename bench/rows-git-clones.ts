import { cpSync } from "node:fs";
import type { BenchRepository } from "./bench-context.ts";
import { addressesOf, type GitClient } from "./git-client.ts";
import { gitLines } from "./git-reference.ts";
import { inTurn, median, timed } from "./measure.ts";
import { cpuDuring } from "./process-cost.ts";
import type { ServerProcess } from "./server-process.ts";
import { atMost, ms, type Row, within } from "./table.ts";

const CLONES_AT_ONCE = 8;
const ROUNDS = 3;

/** A repository for each first clone: nothing of it is cached. */
export type FreshCopy = (name: string) => BenchRepository;

/** Whole clones: the first, the same again, eight at once; over HTTP and SSH. */
export async function* cloneRows(server: ServerProcess, client: GitClient, copy: FreshCopy): AsyncGenerator<Row> {
  const first = { http: [] as number[], ssh: [] as number[] };
  const paths: number[] = [];
  const cpu = { first: [] as number[], again: [] as number[], packing: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const door of ["http", "ssh"] as const) {
      const name = `clone-${door}-${round}.git`;
      const repository = copy(name);
      const address = addressesOf(server, repository.gitDir, name);
      const clone = (url: string) => client.git(["clone", "-q", "--bare", "--no-local", url, client.fresh("clone")]);
      // Reads the copy from the disk once, so that the first to be timed is not the one that pays for it.
      packingCpuMs(repository.gitDir);
      paths.push(await timed(() => clone(address.path)));
      let wallMs = 0;
      const usedMs = await cpuDuring(server.pid, async () => (wallMs = await timed(() => clone(address[door]))));
      first[door].push(wallMs);
      if (door === "ssh") continue;
      cpu.first.push(usedMs);
      cpu.packing.push(packingCpuMs(repository.gitDir));
      cpu.again.push(await cpuDuring(server.pid, () => clone(address.http)));
    }
  }
  yield atMost("first full clone, HTTP", median(first.http), median(paths), 1.1, ms);
  yield atMost("first full clone, SSH", median(first.ssh), median(paths), 1.2, ms);
  const packing = "against pack-objects alone";
  yield atMost(
    `first full clone, HTTP: CPU of the server, ${packing}`,
    median(cpu.first),
    median(cpu.packing),
    1.1,
    ms,
  );
  yield atMost("the same clone again: CPU of the server", median(cpu.again), median(cpu.first), 0.2, ms);
  yield* clonesAtOnce(server, client, copy, median(cpu.first));
}

async function* clonesAtOnce(
  server: ServerProcess,
  client: GitClient,
  copy: FreshCopy,
  oneMs: number,
): AsyncGenerator<Row> {
  const name = "clone-at-once.git";
  const { http } = addressesOf(server, copy(name).gitDir, name);
  const before = await packsMade(server);
  const usedMs = await cpuDuring(server.pid, () =>
    Promise.all(
      Array.from({ length: CLONES_AT_ONCE }, (_, n) =>
        client.git(["clone", "-q", "--bare", http, client.fresh(`clone-${n}`)]),
      ),
    ),
  );
  yield atMost(`${CLONES_AT_ONCE} clones at once: CPU of the server`, usedMs, oneMs, 2, ms);
  const made = (await packsMade(server)) - before;
  yield within(`${CLONES_AT_ONCE} clones at once: runs of pack-objects`, made, 1, String);
}

/** Processor time of `git pack-objects` for a whole clone into a pipe, milliseconds. */
function packingCpuMs(gitDir: string): number {
  const { resourceUsage, exitCode } = Bun.spawnSync(
    [
      "git",
      "-C",
      gitDir,
      "pack-objects",
      "--revs",
      "--thin",
      "--stdout",
      "--delta-base-offset",
      "--include-tag",
      "-q",
      "--all",
    ],
    { stdin: Buffer.from(""), stdout: "pipe", stderr: "ignore" },
  );
  if (exitCode !== 0) throw new Error("git pack-objects failed");
  return Number(resourceUsage.cpuTime.total) / 1000;
}

async function packsMade(server: ServerProcess): Promise<number> {
  const line = /^holdfast_child_processes_started_total\{[^}]*pack-objects[^}]*\} (\d+)/m.exec(await server.metrics());
  return Number(line?.[1] ?? 0);
}

/** Clones and fetches of a part: shallow, without blobs, fifty new commits. */
export async function* partRows(
  server: ServerProcess,
  client: GitClient,
  repository: BenchRepository,
  behind: BenchRepository,
  rounds: number,
): AsyncGenerator<Row> {
  const address = addressesOf(server, repository.gitDir, repository.target.relativePath);
  const clone = (url: string, ...how: string[]) =>
    client.git(["clone", "-q", "--bare", "--no-local", ...how, url, client.fresh("part")]);
  for (const [name, how] of [
    ["clone --depth 1", ["--depth=1"]],
    ["clone --filter=blob:none", ["--filter=blob:none"]],
  ] as const) {
    const [ours, path] = await inTurn(
      rounds,
      () => clone(address.http, ...how),
      () => clone(address.path, ...how),
    );
    yield atMost(`git ${name}, HTTP`, ours.p50, path.p50, 1.2, ms);
  }
  const template = client.fresh("template");
  await client.git(["clone", "-q", "--bare", "--no-local", `file://${behind.gitDir}`, template]);
  const tip = gitLines(repository.gitDir, ["rev-parse", "refs/heads/main"])[0]!;
  const fetchFrom = (url: string) => async () => {
    const place = client.fresh("fetching");
    cpSync(template, place, { recursive: true });
    const elapsedMs = await timed(() => client.git(["fetch", "-q", url, "refs/heads/main:refs/heads/main"], place));
    if (gitLines(place, ["rev-parse", "refs/heads/main"])[0] !== tip)
      throw new Error(`nothing was fetched from ${url}`);
    return elapsedMs;
  };
  const times = { ours: [] as number[], path: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    times.ours.push(await fetchFrom(address.http)());
    times.path.push(await fetchFrom(address.path)());
  }
  yield atMost("git fetch of 50 new commits, HTTP", median(times.ours), median(times.path), 1.2, ms);
}
