import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { CloneState } from "../../../src/contract/clones.ts";
import type { Principal } from "../../../src/contract/principal.ts";
import { cancelClone } from "../../../src/operations/repositories/cancel-clone.ts";
import { cloneRepository } from "../../../src/operations/repositories/clone-repository.ts";
import { showClone } from "../../../src/operations/repositories/show-clone.ts";
import { showRepository } from "../../../src/operations/repositories/show-repository.ts";
import { startClone } from "../../../src/operations/repositories/start-clone.ts";
import { serveHttpBackend } from "../../support/http-backend.ts";
import { failure } from "../../support/read-story.ts";
import { TemporaryRepository } from "../../support/temporary-repository.ts";
import { openTestEngine, type TestEngine } from "../../support/test-engine.ts";

const SECRET = "t0ken-of-a-private-project";
const BASIC = `Basic ${Buffer.from(`git:${SECRET}`).toString("base64")}`;

let source: TemporaryRepository;
let server: ReturnType<typeof serveHttpBackend>;
let isGuarded = false;
let hangsAt: "" | "info" | "pack" = "";
/** Resolves when a request hangs. */
let hanging = Promise.withResolvers<void>();

beforeAll(async () => {
  source = await TemporaryRepository.create({ branch: "trunk" });
  await source.commit({ branch: "trunk", files: { "read me": "hello\n" } });
  await source.commit({ branch: "side", files: { other: "x\n" } });
  await source.git(["tag", "-a", "-m", "one", "v1", "trunk"]);
  await source.git(["update-ref", "refs/pull/1/head", "side"]);
  server = serveHttpBackend(dirname(source.path), async (request) => {
    const isPack = request.method === "POST" && (await request.clone().text()).includes("command=fetch");
    if (hangsAt === "info" ? request.method === "GET" : hangsAt === "pack" && isPack) {
      hanging.resolve();
      return await new Promise<Response>(() => {});
    }
    if (!isGuarded || request.headers.get("authorization") === BASIC) return undefined;
    return new Response("", { status: 401, headers: { "www-authenticate": 'Basic realm="x"' } });
  });
});

afterAll(async () => {
  server.close();
  await source[Symbol.asyncDispose]();
});

const url = () => `${server.url}/repository.git`;
const target = (name = "alice/copy") => ({ storage: "default", relativePath: `${name}.git` });

function onEveryBackend(title: string, run: (engine: TestEngine) => Promise<void>, allowPrivateTargets = true): void {
  for (const backend of ["libgit2", "shell"] as const) {
    test(`${title} (${backend})`, async () => {
      isGuarded = false;
      hangsAt = "";
      hanging = Promise.withResolvers<void>();
      const engine = await openTestEngine({ backend, allowPrivateTargets });
      try {
        await run(engine);
      } finally {
        await engine.close();
      }
    });
  }
}

async function clone(engine: TestEngine, input: object = {}, signal?: AbortSignal): Promise<string[]> {
  const caller = signal === undefined ? engine.caller : { ...engine.caller, signal };
  const lines: string[] = [];
  for await (const batch of engine.engine.run(
    cloneRepository,
    { repository: target(), url: url(), ...input },
    caller,
  )) {
    lines.push(...batch.map(({ line }) => line));
  }
  return lines;
}

/** What is left on disk of repositories that are none. */
function leftovers({ directory }: TestEngine): string[] {
  const storage = join(directory, "repositories");
  const own = readdirSync(join(storage, "+holdfast"), { recursive: true }).map(String);
  return [...own.filter((path) => /incoming|HEAD/.test(path)), ...readdirSync(join(directory, "remotes"))];
}

async function until(engine: TestEngine, state: CloneState, caller = engine.caller) {
  for (;;) {
    const job = await engine.engine.run(showClone, { repository: target() }, caller);
    if (job.state === state) return job;
    if (job.state !== "running") throw new Error(`the clone is ${JSON.stringify(job)}`);
    await Bun.sleep(5);
  }
}

describe("cloneRepository", () => {
  onEveryBackend("takes branches, tags and HEAD, and nothing else", async (engine) => {
    const lines = await clone(engine);
    expect(lines.join("\n")).toContain("objects");
    const copy = TemporaryRepository.at(engine.pathOf(target()));
    const wanted = await source.text(["for-each-ref", "refs/heads", "refs/tags"]);
    expect(await copy.text(["for-each-ref"])).toBe(wanted);
    expect(await copy.text(["symbolic-ref", "HEAD"])).toBe("refs/heads/trunk");
    await copy.git(["fsck", "--strict"]);
    expect(leftovers(engine)).toEqual([]);
  });

  onEveryBackend(
    "with a credential: what was private stays private, and the credential is overwritten",
    async (engine) => {
      isGuarded = true;
      const password = Buffer.from(SECRET);
      await clone(engine, { credential: { password } });
      expect(password).toEqual(Buffer.alloc(SECRET.length));
      const shown = await engine.engine.run(showRepository, { repository: target() }, engine.caller);
      expect(shown.private).toBe(true);
      const config = await TemporaryRepository.at(engine.pathOf(target())).text(["config", "--list"]);
      expect(config).not.toContain(SECRET);
    },
  );

  onEveryBackend("a wrong credential leaves nothing", async (engine) => {
    isGuarded = true;
    const { details } = await failure(
      clone(engine, { credential: { password: Buffer.from("wrong") } }),
      "remote_refused",
    );
    expect(details.problem).toBe("the credential is not accepted");
    expect(existsSync(engine.pathOf(target()))).toBe(false);
    expect(leftovers(engine)).toEqual([]);
  });

  onEveryBackend("one that is called off leaves nothing", async (engine) => {
    hangsAt = "pack";
    const ending = new AbortController();
    const cloning = failure(clone(engine, {}, ending.signal), "canceled");
    await hanging.promise;
    ending.abort();
    await cloning;
    expect(existsSync(engine.pathOf(target()))).toBe(false);
    expect(leftovers(engine)).toEqual([]);
  });

  onEveryBackend("an empty repository becomes an empty repository; SHA-256 stays SHA-256", async (engine) => {
    const empty = await TemporaryRepository.create();
    const sha256 = await TemporaryRepository.create({ objectFormat: "sha256" });
    await sha256.commit({ files: { a: "a" } });
    const servers = [empty, sha256].map(({ path }) => serveHttpBackend(dirname(path)));
    try {
      await clone(engine, { url: `${servers[0]!.url}/repository.git` });
      expect(existsSync(engine.pathOf(target()))).toBe(true);
      await clone(engine, { url: `${servers[1]!.url}/repository.git`, repository: target("alice/long") });
      const copy = TemporaryRepository.at(engine.pathOf(target("alice/long")));
      expect(await copy.text(["for-each-ref"])).toBe(await sha256.text(["for-each-ref"]));
    } finally {
      for (const one of servers) one.close();
      await Promise.all([empty, sha256].map((one) => one[Symbol.asyncDispose]()));
    }
  });

  onEveryBackend("what is there already is refused", async (engine) => {
    await engine.createRepository("alice/copy");
    await failure(clone(engine), "repository_exists");
  });

  onEveryBackend(
    "private addresses are refused, however they are written",
    async (engine) => {
      const hosts = [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "0x7f.1",
        "2130706433",
        "[::ffff:127.0.0.1]",
        "169.254.169.254",
      ];
      for (const host of hosts) {
        for (const scheme of ["http", "ssh", "git"]) {
          const error = await clone(engine, { url: `${scheme}://${host}:1/x.git` }).catch((caught: unknown) => caught);
          expect([host, scheme, (error as { reason?: string }).reason]).toEqual([host, scheme, "target_not_allowed"]);
        }
      }
    },
    false,
  );

  onEveryBackend("addresses and credentials that are none are refused, and not repeated", async (engine) => {
    const password = Buffer.from("x");
    const bad = [
      { url: "https://robot:pa55word@git.example.com/x.git" },
      { url: "https://pa55word@git.example.com/x.git" },
      { url: "file:///etc/pa55word" },
      { url: "ext::sh -c pa55word" },
      { url: "git@git.example.com:pa55word" },
      { url: "ssh://-oProxyCommand=pa55word/x" },
      { url: "ssh://git.example.com/x", credential: { password } },
      { url: "ssh://git.example.com/x", knownHosts: "\0pa55word" },
      { url: "https://git.example.com/x", credential: { sshKey: password } },
      { url: "https://git.example.com/x", credential: { password: Buffer.from("a\npa55word") } },
      { url: "git://git.example.com/x", credential: { password } },
      { url: "https://git.example.com/x?token=pa55word" },
    ];
    for (const input of bad) {
      const error = await failure(clone(engine, input), "invalid_input");
      expect(JSON.stringify(error.details)).not.toContain("pa55word");
    }
  });
});

describe("startClone", () => {
  onEveryBackend("answers at once; showClone tells how it goes", async (engine) => {
    const input = { repository: target(), url: url() };
    const begun = await engine.engine.run(startClone, input, engine.caller);
    expect(begun).toMatchObject({ repo: "alice/copy", state: "running", url: url() });
    const done = await until(engine, "done");
    expect(done.endedAt).toBeString();
    expect(existsSync(engine.pathOf(target()))).toBe(true);
    await failure(engine.engine.run(startClone, input, engine.caller), "repository_exists");
  });

  onEveryBackend("what fails is told, with its reason and without the credential", async (engine) => {
    isGuarded = true;
    const credential = { password: Buffer.from("wr0ng-t0ken") };
    await engine.engine.run(startClone, { repository: target(), url: url(), credential }, engine.caller);
    const job = await until(engine, "failed");
    expect(job.problem?.reason).toBe("remote_refused");
    expect(JSON.stringify(job)).not.toContain("wr0ng-t0ken");
    expect(credential.password).toEqual(Buffer.alloc("wr0ng-t0ken".length));
  });

  onEveryBackend("a second one for the same name waits for the first to end", async (engine) => {
    hangsAt = "pack";
    const input = { repository: target(), url: url() };
    await engine.engine.run(startClone, input, engine.caller);
    await failure(engine.engine.run(startClone, input, engine.caller), "clone_running");
  });
});

describe("showClone", () => {
  onEveryBackend("shows nobody what others have begun", async (engine) => {
    await engine.identity.users.create({ name: "alice", isAdmin: false });
    const alice = await principalOf(engine, "alice");
    await engine.engine.run(startClone, { repository: target(), url: url() }, engine.caller);
    await failure(engine.engine.run(showClone, { repository: target() }, engine.as(alice)), "clone_not_found");
    await failure(engine.engine.run(showClone, { repository: target("alice/x") }, engine.caller), "clone_not_found");
  });
});

describe("cancelClone", () => {
  onEveryBackend("ends it, and nothing is left", async (engine) => {
    hangsAt = "pack";
    const repository = target();
    await engine.engine.run(startClone, { repository, url: url() }, engine.caller);
    await hanging.promise;
    const job = await engine.engine.run(cancelClone, { repository }, engine.caller);
    expect(job.state).toBe("canceled");
    expect(existsSync(engine.pathOf(repository))).toBe(false);
    expect(leftovers(engine)).toEqual([]);
    // And it can be begun again.
    hangsAt = "";
    await engine.engine.run(startClone, { repository, url: url() }, engine.caller);
    await until(engine, "done");
  });
});

async function principalOf({ identity }: TestEngine, name: string): Promise<Principal> {
  const { id, isAdmin } = await identity.users.find(name);
  return { kind: "user", name, user: { id, isAdmin } };
}
