import { describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readRecords } from "../../src/events/journal-segment.ts";
import type { ChangeEvent } from "../../src/events/journal-record.ts";
import { OperationService } from "../../src/transports/api/gitaly/generated/operations_pb.ts";
import { RefService } from "../../src/transports/api/gitaly/generated/ref_pb.ts";
import { Dice } from "../support/dice.ts";
import { type RunningServer, startServer } from "../support/running-server.ts";
import { type StoryClient, storyClient, type StoryRepository, USER } from "../support/story-client.ts";
import { runGit, TemporaryRepository } from "../support/temporary-repository.ts";
import { TestClient } from "../transports/grpc/grpc-client.ts";

const ROUNDS = Number(process.env["DURABILITY_ROUNDS"] ?? "20");
/** The latest moment of the kill, counted from the first change of the round. */
const KILL_MS_MAX = 400;
const ROUND_MS_MAX = 30_000;
/** How soon a server that is ready must have taken a change in a repository. */
const WRITABLE_MS = 1000;
const SEED = Number(process.env["DURABILITY_SEED"] ?? Date.now() % 1_000_000);

/** References that one change moves together. */
const TOGETHER = ["refs/together/a", "refs/together/b", "refs/together/c"];

const REPOSITORIES = ["busy", "shared", "calm"];
/** Where pushes make repositories that were not there. */
const MADE = "made";
const TOKEN = "holdfast-durability-token-of-the-administrator";
const ZERO = "0".repeat(40);

/** What clients were told, by repository. */
class Acknowledged {
  readonly commits = new Map<string, Set<string>>(REPOSITORIES.map((name) => [name, new Set()]));
  /** Tips of the repositories that a push has made, by name. */
  readonly made = new Map<string, string>();
  /** Resolves with the first push that a client was told of. */
  readonly pushed = Promise.withResolvers<void>();

  add({ relativePath }: StoryRepository, oid: string): void {
    this.commits.get(relativePath.replace(".git", ""))!.add(oid);
  }
}

const repository = (name: string): StoryRepository => ({ storageName: "default", relativePath: `${name}.git` });

interface Clients {
  readonly story: StoryClient;
  readonly plain: TestClient;
  /** Address of a repository for git. */
  readonly urlOf: (name: string) => string;
}

/** Makes one change after the other, until its server is gone. A change that is refused is simply tried anew. */
type Writer = (clients: Clients, turn: number) => Promise<void>;

function committer(name: string, branch: string, acknowledged: Acknowledged): Writer {
  const target = repository(name);
  return async ({ story }, turn) => {
    const file = `${branch}-${process.pid}-${turn}-${performance.now()}.txt`;
    acknowledged.add(target, await story.commit(target, branch, { [file]: `content ${turn}\n` }));
  };
}

/** Makes a branch and deletes it again, so that references come and go. */
function brancher(name: string, branch: string): Writer {
  const target = repository(name);
  return async ({ story }, turn) => {
    const { userCreateBranch, userDeleteBranch } = OperationService.method;
    const branchName = Buffer.from(`${branch}/${turn % 5}`);
    await story.unary(userCreateBranch, {
      repository: target,
      user: USER,
      branchName,
      startPoint: Buffer.from("main"),
    });
    await story.unary(userDeleteBranch, { repository: target, user: USER, branchName });
  };
}

/** Moves three references at once, to a commit that a client was told of. */
function mover(name: string, acknowledged: Acknowledged): Writer {
  const target = repository(name);
  return async ({ plain }, turn) => {
    const oids = [...acknowledged.commits.get(name)!];
    const newObjectId = Buffer.from(turn % 7 === 6 ? ZERO : oids[(turn * 31) % oids.length]!);
    const updates = TOGETHER.map((reference) => ({
      reference: Buffer.from(reference),
      newObjectId,
      oldObjectId: Buffer.alloc(0),
    }));
    const { call, response } = plain.clientStream(RefService.method.updateReferences);
    call.end({ repository: target, updates });
    await response;
  };
}

/** Pushes one commit after the other to a branch of its own, by git's own client. */
function pusher(name: string, branch: string, client: TemporaryRepository, acknowledged: Acknowledged): Writer {
  return async ({ urlOf }, turn) => {
    const oid = await client.commit({ branch, files: { [`${branch}.txt`]: `${turn} ${performance.now()}` } });
    await runGit(client.path, [
      "push",
      "--quiet",
      urlOf(name),
      branch,
      `${branch}:refs/tags/${branch}/${turn % 3}`,
      "--force",
    ]);
    acknowledged.add(repository(name), oid);
    acknowledged.pushed.resolve();
  };
}

/** Pushes to repositories that are not there. */
function maker(client: TemporaryRepository, acknowledged: Acknowledged): Writer {
  let made = 0;
  return async ({ urlOf }) => {
    const name = `${MADE}/${made++}`;
    const oid = await client.commit({ branch: "made", files: { name } });
    await runGit(client.path, ["push", "--quiet", urlOf(name), "made:main"]);
    acknowledged.made.set(name, oid);
    acknowledged.pushed.resolve();
  };
}

async function keepWriting(
  server: RunningServer,
  writer: Writer,
  isDead: () => boolean,
  onDone: () => void,
): Promise<number> {
  const clients = {
    story: storyClient(server),
    plain: new TestClient(Number(server.addresses["grpc"]!.split(":")[1])),
    urlOf: (name: string) => `${server.addresses["http"]!.replace("://", `://admin:${TOKEN}@`)}/git/${name}`,
  };
  let done = 0;
  try {
    for (let turn = 0; !isDead(); turn++) {
      await writer(clients, turn).then(
        () => {
          done++;
          onDone();
        },
        () => {},
      );
    }
  } finally {
    clients.story.close();
    clients.plain.close();
  }
  return done;
}

const git = async (server: RunningServer, name: string, ...args: string[]) =>
  (await runGit(join(server.storage, `${name}.git`), args)).toString().trim();

async function refsOf(server: RunningServer, name: string): Promise<Record<string, string>> {
  const lines = (await git(server, name, "for-each-ref", "--format=%(refname) %(objectname)")).split("\n");
  return Object.fromEntries(lines.filter((line) => line !== "").map((line) => line.split(" ") as [string, string]));
}

/** Where the references of all repositories are, as the journal tells it. */
function journalled(data: string): Map<string, Record<string, string>> {
  const open = new Map<bigint, ChangeEvent>();
  const done: ChangeEvent[] = [];
  const directory = join(data, "journal");
  for (const file of readdirSync(directory).sort()) {
    readRecords(readFileSync(join(directory, file)), (record) => {
      if (record.kind === "prepared") open.set(record.event.sequence, record.event);
      else if (record.kind === "done") done.push(open.get(record.sequence)!);
      if (record.kind === "done" || record.kind === "dropped") open.delete(record.sequence);
    });
  }
  expect(open.size).toBe(0);
  const refs = new Map<string, Record<string, string>>(REPOSITORIES.map((name) => [name, {}]));
  for (const event of done.toSorted((a, b) => Number(a.sequence - b.sequence))) {
    const state = refs.get(event.repository.relativePath.replace(".git", ""));
    if (state === undefined) continue;
    for (const { name, oldOid, newOid } of event.changes) {
      // Each change begins where the one before ended: nothing is missing between them.
      expect(state[name] ?? ZERO).toBe(oldOid);
      if (newOid === ZERO) delete state[name];
      else state[name] = newOid;
    }
  }
  return refs;
}

/** All that must hold after a restart, while nothing is written. */
async function check(server: RunningServer, acknowledged: Acknowledged): Promise<void> {
  const fromJournal = journalled(server.data);
  for (const name of REPOSITORIES) {
    const refs = await refsOf(server, name);
    expect(fromJournal.get(name)).toEqual(refs);
    expect(new Set(TOGETHER.map((reference) => refs[reference])).size).toBe(1);
    const reachable = new Set((await git(server, name, "rev-list", "--all")).split("\n"));
    const lost = [...acknowledged.commits.get(name)!].filter((oid) => !reachable.has(oid));
    expect(lost).toEqual([]);
    await git(server, name, "fsck", "--strict", "--no-dangling", "--no-progress");
  }
  await checkMade(server, acknowledged);
  const left = readdirSync(server.storage, { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith(".lock"),
  );
  expect(left).toEqual([]);
  expect(readdirSync(join(server.storage, "+holdfast/quarantine"))).toEqual([]);
  expect(readdirSync(join(server.storage, "+holdfast/tmp"))).toEqual([]);
}

/** A repository that a push makes is there as a whole, or not at all. */
async function checkMade(server: RunningServer, acknowledged: Acknowledged): Promise<void> {
  const directory = join(server.storage, MADE);
  const there = existsSync(directory)
    ? readdirSync(directory).map((entry) => `${MADE}/${entry.replace(".git", "")}`)
    : [];
  expect([...acknowledged.made.keys()].filter((name) => !there.includes(name))).toEqual([]);
  for (const name of there) {
    const tip = await git(server, name, "rev-parse", "--verify", "refs/heads/main");
    expect(tip).toBe(acknowledged.made.get(name) ?? tip);
    await git(server, name, "fsck", "--strict", "--no-progress");
  }
  // Looked at once is enough.
  for (const name of there) {
    acknowledged.made.delete(name);
    rmSync(join(server.storage, `${name}.git`), { recursive: true });
  }
}

describe("kill -9 at random moments of 11 writers", () => {
  for (const backend of ["libgit2", "shell"]) {
    test(
      `loses nothing on ${backend} in ${ROUNDS} rounds (seed ${SEED})`,
      async () => {
        const dice = new Dice(SEED);
        const data = mkdtempSync(join(tmpdir(), "holdfast-durability-"));
        const env = {
          GIT_BACKEND: backend,
          HOLDFAST_CANARY_PERCENT: "0",
          HOLDFAST_LOG_LEVEL: "warn",
          HOLDFAST_ADMIN_TOKEN: TOKEN,
        };
        const acknowledged = new Acknowledged();
        await using made = await TemporaryRepository.create();
        await using first = await TemporaryRepository.create();
        await using second = await TemporaryRepository.create();
        const pushers = [first, second];
        const writers = [
          ...["main", "b1", "b2"].map((branch) => committer("busy", branch, acknowledged)),
          // Two of one branch get in each other's way.
          committer("shared", "main", acknowledged),
          committer("shared", "main", acknowledged),
          brancher("shared", "topic"),
          mover("busy", acknowledged),
          committer("calm", "main", acknowledged),
          ...pushers.map((client, at) => pusher("busy", `pushed${at}`, client, acknowledged)),
          maker(made, acknowledged),
        ];
        let server = await startServer({ env, data });
        try {
          const client = storyClient(server);
          for (const name of REPOSITORIES) {
            await client.createRepository(name);
            acknowledged.add(
              repository(name),
              await client.commit(repository(name), "main", { "first.txt": "first\n" }),
            );
          }
          client.close();
          let changes = 0;
          for (let round = 0; round < ROUNDS; round++) {
            let dead = false;
            const begun = Promise.withResolvers<void>();
            const running = writers.map((writer) => keepWriting(server, writer, () => dead, begun.resolve));
            await begun.promise;
            // Pushes are slower than the others: the first round lasts until there is one.
            await acknowledged.pushed.promise;
            await Bun.sleep(dice.below(KILL_MS_MAX));
            await server.kill();
            dead = true;
            changes += (await Promise.all(running)).reduce((sum, each) => sum + each, 0);
            server = await startServer({ env, data });
            const after = storyClient(server);
            for (const name of REPOSITORIES) {
              const askedMs = performance.now();
              const oid = await after.commit(repository(name), "main", { [`round-${round}.txt`]: "" });
              acknowledged.add(repository(name), oid);
              expect(performance.now() - askedMs).toBeLessThan(WRITABLE_MS);
            }
            after.close();
            await check(server, acknowledged).catch((error: unknown) => {
              throw new Error(`round ${round}: ${String(error)}\n${server.log()}`, { cause: error });
            });
          }
          expect(changes).toBeGreaterThanOrEqual(ROUNDS);
        } finally {
          await server.kill();
          rmSync(data, { recursive: true, force: true });
        }
      },
      ROUNDS * ROUND_MS_MAX,
    );
  }
});
