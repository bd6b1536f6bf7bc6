import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { RepositoryRef } from "../../../src/contract/repository-ref.ts";
import { deleteMirror } from "../../../src/operations/mirrors/delete-mirror.ts";
import { listMirrors } from "../../../src/operations/mirrors/list-mirrors.ts";
import { runMirror } from "../../../src/operations/mirrors/run-mirror.ts";
import { setMirror } from "../../../src/operations/mirrors/set-mirror.ts";
import { showMirror } from "../../../src/operations/mirrors/show-mirror.ts";
import { syncMirror } from "../../../src/operations/mirrors/sync-mirror.ts";
import { createBranch } from "../../../src/operations/branches/create-branch.ts";
import { removeRepository } from "../../../src/operations/repositories/remove-repository.ts";
import { renameRepository } from "../../../src/operations/repositories/rename-repository.ts";
import { serveHttpBackend } from "../../support/http-backend.ts";
import { failure } from "../../support/read-story.ts";
import { TemporaryRepository } from "../../support/temporary-repository.ts";
import { openTestEngine, type TestEngine } from "../../support/test-engine.ts";

const SECRET = "m1rror-t0ken";
const BASIC = `Basic ${Buffer.from(`git:${SECRET}`).toString("base64")}`;

let remote: TemporaryRepository;
let server: ReturnType<typeof serveHttpBackend>;
let isGuarded = false;

beforeAll(async () => {
  remote = await TemporaryRepository.create();
  server = serveHttpBackend(dirname(remote.path), (request) => {
    if (!isGuarded || request.headers.get("authorization") === BASIC) return undefined;
    return new Response("", { status: 401, headers: { "www-authenticate": 'Basic realm="x"' } });
  });
});

afterAll(async () => {
  server.close();
  await remote[Symbol.asyncDispose]();
});

class Story {
  repository!: RepositoryRef;
  git!: TemporaryRepository;
  readonly test: TestEngine;

  constructor(engine: TestEngine) {
    this.test = engine;
  }

  set(input: object = {}) {
    const url = `${server.url}/repository.git`;
    const all = { repository: this.repository, name: "origin", direction: "pull" as const, url, ...input };
    return this.test.engine.run(setMirror, all, this.test.caller);
  }

  show(name = "origin") {
    return this.test.engine.run(showMirror, { repository: this.repository, name }, this.test.caller);
  }

  run() {
    return this.test.engine.run(runMirror, { repository: this.repository, name: "origin" }, this.test.caller);
  }

  async list() {
    const items = [];
    for await (const batch of this.test.engine.run(listMirrors, { repository: this.repository }, this.test.caller))
      items.push(...batch);
    return items;
  }

  /** Waits until the mirror is as wanted: it runs by itself, and tells nobody. */
  async until(wanted: (mirror: Awaited<ReturnType<Story["show"]>>) => boolean) {
    for (const deadline = Date.now() + 20_000; ; await Bun.sleep(5)) {
      const mirror = await this.show();
      if (!mirror.running && wanted(mirror)) return mirror;
      if (Date.now() > deadline) throw new Error(`the mirror is ${JSON.stringify(mirror)}`);
    }
  }
}

function onEveryBackend(title: string, run: (story: Story) => Promise<void>, allowPrivateTargets = true): void {
  for (const backend of ["libgit2", "shell"] as const) {
    test(`${title} (${backend})`, async () => {
      isGuarded = false;
      await remote.recreate();
      const story = new Story(await openTestEngine({ backend, allowPrivateTargets }));
      try {
        story.repository = await story.test.createRepository("group/project");
        story.git = TemporaryRepository.at(story.test.pathOf(story.repository));
        await run(story);
      } finally {
        await story.test.close();
      }
    });
  }
}

const references = (git: TemporaryRepository) => git.text(["for-each-ref", "refs/heads", "refs/tags"]);
const hasRun = ({ lastRunAt }: { lastRunAt?: string }) => lastRunAt !== undefined;

describe("setMirror", () => {
  onEveryBackend("a pull mirror runs at once, and again after its time", async (story) => {
    await remote.commit({ files: { a: "1" } });
    const made = await story.set({ interval: 3600 });
    expect(made).toMatchObject({
      name: "origin",
      direction: "pull",
      interval: 3600,
      hasCredential: false,
      failures: 0,
    });
    const ran = await story.until(hasRun);
    expect(await references(story.git)).toBe(await references(remote));
    expect(Date.parse(ran.nextRunAt!) - Date.parse(ran.lastRunAt!)).toBeGreaterThanOrEqual(3600_000);
    expect(ran.lastSuccessAt).toBe(ran.lastRunAt!);
  });

  onEveryBackend("a push mirror follows every change of the references", async (story) => {
    await story.git.commit({ files: { a: "1" } });
    await story.set({ direction: "push" });
    await story.until(hasRun);
    expect(await references(remote)).toBe(await references(story.git));
    const input = { repository: story.repository, branch: "next", startPoint: "main" };
    await story.test.engine.run(createBranch, input, story.test.caller);
    const before = (await story.show()).lastRunAt!;
    await story.until(({ lastRunAt, nextRunAt }) => lastRunAt !== before && nextRunAt === undefined);
    expect(await references(remote)).toBe(await references(story.git));
    expect(await remote.text(["rev-parse", "next"])).toBe(await remote.text(["rev-parse", "main"]));
  });

  onEveryBackend("the credential is on disk only sealed, and never shown", async (story) => {
    isGuarded = true;
    await remote.commit({ files: { a: "1" } });
    const password = Buffer.from(SECRET);
    const shown = await story.set({ credential: { password } });
    expect(password).toEqual(Buffer.alloc(SECRET.length));
    expect(shown.hasCredential).toBe(true);
    const ran = await story.until(hasRun);
    expect(ran.problem).toBeUndefined();
    expect(JSON.stringify([shown, ran])).not.toContain(SECRET);
    const { directory } = story.test;
    expect(filesWith(directory, SECRET)).toEqual([]);
    expect(filesWith(directory, BASIC.slice("Basic ".length))).toEqual([]);
    expect(statSync(join(directory, "credential-key")).mode & 0o777).toBe(0o600);
    // Set once more without it: the same address has it still, another one does not.
    expect((await story.set()).hasCredential).toBe(true);
    expect((await story.set({ url: `${server.url}/other.git` })).hasCredential).toBe(false);
  });

  onEveryBackend(
    "private addresses are refused",
    async (story) => {
      await failure(story.set({ url: "https://10.0.0.1/x.git" }), "target_not_allowed");
      await story.set({ url: "https://localhost/x.git" });
      const ran = await story.until(hasRun);
      expect(ran.problem).toContain("the address is not public");
    },
    false,
  );

  onEveryBackend("what makes no sense is refused", async (story) => {
    await failure(story.set({ interval: 5 }), "invalid_input");
    await failure(story.set({ direction: "push", interval: 600 }), "invalid_input");
    await failure(story.set({ name: "../x" }), "invalid_input");
  });
});

describe("runMirror", () => {
  onEveryBackend("what changed there is here: new, moved and gone references", async (story) => {
    await remote.commit({ files: { a: "1" } });
    await remote.commit({ branch: "old", files: { a: "2" } });
    await story.set({ interval: 3600 });
    const first = await story.until(hasRun);
    await remote.commit({ files: { a: "rewritten" }, parents: [] });
    await remote.git(["update-ref", "-d", "refs/heads/old"]);
    await remote.git(["tag", "v1", "main"]);
    await story.run();
    await story.until(({ lastRunAt }) => lastRunAt !== first.lastRunAt);
    expect(await references(story.git)).toBe(await references(remote));
    await story.git.git(["fsck", "--strict"]);
  });

  onEveryBackend("a failure is told, and tried again later", async (story) => {
    isGuarded = true;
    await story.set({ credential: { password: Buffer.from("wr0ng") } });
    const failed = await story.until(hasRun);
    expect(failed.problem).toContain("the credential is not accepted");
    expect(failed.problem).not.toContain("wr0ng");
    expect(failed).toMatchObject({ failures: 1 });
    expect(Date.parse(failed.nextRunAt!)).toBeGreaterThan(Date.now());
    isGuarded = false;
    await story.run();
    const ran = await story.until(({ failures }) => failures === 0);
    expect(ran.problem).toBeUndefined();
  });

  onEveryBackend("a remote that has been emptied empties nothing here", async (story) => {
    await remote.commit({ files: { a: "1" } });
    await story.set();
    const first = await story.until(hasRun);
    const before = await references(story.git);
    await remote.recreate();
    await story.run();
    await story.until(({ lastRunAt }) => lastRunAt !== first.lastRunAt);
    expect(await references(story.git)).toBe(before);
  });
});

describe("listMirrors", () => {
  onEveryBackend("shows them all; they go with their repository", async (story) => {
    await story.set();
    await story.set({ name: "backup", direction: "push" });
    expect((await story.list()).map(({ name }) => name)).toEqual(["origin", "backup"]);
    const target = { storage: "default", relativePath: "group/renamed.git" };
    const { repository } = story;
    await story.test.engine.run(renameRepository, { repository, newRepository: target }, story.test.caller);
    story.repository = target;
    for (const deadline = Date.now() + 20_000; (await story.list()).length < 2; await Bun.sleep(5)) {
      if (Date.now() > deadline) throw new Error("the mirrors have not moved");
    }
    await story.test.engine.run(removeRepository, { repository: target }, story.test.caller);
    story.repository = await story.test.createRepository("group/renamed");
    for (const deadline = Date.now() + 20_000; (await story.list()).length > 0; await Bun.sleep(5)) {
      if (Date.now() > deadline) throw new Error("the mirrors are still there");
    }
  });
});

describe("showMirror", () => {
  onEveryBackend("knows no other names", async (story) => {
    await failure(story.show(), "mirror_not_found");
  });
});

describe("deleteMirror", () => {
  onEveryBackend("ends it", async (story) => {
    await story.set();
    await story.test.engine.run(deleteMirror, { repository: story.repository, name: "origin" }, story.test.caller);
    await failure(story.show(), "mirror_not_found");
  });
});

describe("syncMirror", () => {
  onEveryBackend("tells how many references have changed", async (story) => {
    await remote.commit({ files: { a: "1" } });
    await story.set({ interval: 3600 });
    await story.until(hasRun);
    await remote.commit({ branch: "more", files: { a: "2" } });
    const input = { repository: story.repository, name: "origin" };
    expect(await story.test.engine.run(syncMirror, input, story.test.caller)).toEqual({ changed: 1 });
    expect(await story.test.engine.run(syncMirror, input, story.test.caller)).toEqual({ changed: 0 });
  });

  onEveryBackend("is for the server alone", async (story) => {
    const alice = await story.test.identity.users.create({ name: "alice", isAdmin: false });
    await story.test.identity.repositories.setCollaborator(story.repository, "alice", "admin-access");
    const caller = story.test.as({ kind: "user", name: "alice", user: { id: alice.id, isAdmin: false } });
    const input = { repository: story.repository, name: "origin" };
    await failure(story.test.engine.run(syncMirror, input, caller), "forbidden");
  });
});

/** Files that have these bytes anywhere. */
function filesWith(directory: string, text: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path).includes(text));
}
