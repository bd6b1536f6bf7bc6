import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { GitBackend } from "../../src/backend/backend.ts";
import { encodeUtf8 } from "../../src/domain/bytes.ts";
import { failureOf } from "../support/failure-of.ts";
import { Gate } from "../support/gate.ts";
import { runGit } from "../support/temporary-repository.ts";
import { TemporaryStore } from "../support/temporary-store.ts";

const ZERO = "0".repeat(40);

function hook(gitDir: string, name: string, body: string, mode = 0o755): void {
  const path = join(gitDir, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, mode);
}

const read = (path: string) => readFileSync(path, "utf8");
const inState = (store: TemporaryStore) =>
  ["quarantine", "tmp", "removed"].flatMap((name) => readdirSync(join(store.root, "+holdfast", name)));

describe("updateRefs", () => {
  test("moves references, records the change and tells the bus", async () => {
    await using store = await TemporaryStore.open();
    const gitDir = await store.create("a.git");
    const first = await store.commit("a.git", "main", "one");
    const second = await store.commit("a.git", "main", "two");
    expect((await runGit(gitDir, ["rev-parse", "main", "main^"])).toString()).toBe(`${second}\n${first}\n`);
    await runGit(gitDir, ["fsck", "--strict"]);
    expect(store.events.map(({ sequence, changes }) => ({ sequence, changes }))).toEqual([
      { sequence: 1n, changes: [{ name: "refs/heads/main", oldOid: ZERO, newOid: first }] },
      { sequence: 4n, changes: [{ name: "refs/heads/main", oldOid: first, newOid: second }] },
    ]);
    expect(store.events[0]).toMatchObject({
      repository: { storage: "default", relativePath: "a.git" },
      actor: { id: "user-1", username: "janedoe", name: "Jane Doe", email: "jane@example.com" },
      door: "gitaly",
      requestId: "request-1",
    });
    expect(inState(store)).toEqual([]);
  });

  test("changes all references or none", async () => {
    await using store = await TemporaryStore.open();
    const gitDir = await store.create("a.git");
    const oid = await store.commit("a.git", "main", "one");
    const changes = [
      { name: "refs/heads/new", newOid: oid, expectedOid: ZERO },
      { name: "refs/heads/main", newOid: ZERO, expectedOid: "1".repeat(40) },
    ];
    const failure = store.with("a.git", (repository) => repository.updateRefs({ changes, hooks: "none" }));
    expect(await failureOf(failure)).toMatchObject({ reason: "reference_mismatch" });
    expect((await runGit(gitDir, ["for-each-ref", "--format=%(refname)"])).toString()).toBe("refs/heads/main\n");
    expect(store.events).toHaveLength(1);
    expect(existsSync(join(gitDir, "refs/heads/new.lock"))).toBe(false);
  });

  test("takes over what is there when no value is expected, and tells it", async () => {
    await using store = await TemporaryStore.open();
    await store.create("a.git");
    const oid = await store.commit("a.git", "main", "one");
    const changes = [
      { name: "refs/heads/main", newOid: ZERO },
      { name: "refs/heads/other", newOid: oid },
      { name: "refs/heads/absent", newOid: ZERO },
    ];
    const update = await store.with("a.git", (repository) => repository.updateRefs({ changes, hooks: "none" }));
    expect(update).toEqual({ oldOids: [oid, ZERO, ZERO], sequence: 4n });
    expect(store.events.at(-1)?.changes.map(({ name }) => name)).toEqual(["refs/heads/main", "refs/heads/other"]);
  });

  test("records nothing when nothing moves, but runs the hooks", async () => {
    await using store = await TemporaryStore.open();
    const gitDir = await store.create("a.git");
    const oid = await store.commit("a.git", "main", "one");
    hook(gitDir, "custom_hooks/post-receive", 'cat >> "$GIT_DIR/seen"');
    for (const expected of [{ expectedOid: oid }, {}]) {
      const changes = [{ name: "refs/heads/main", newOid: oid, ...expected }];
      const update = await store.with("a.git", (repository) => repository.updateRefs({ changes, hooks: "receive" }));
      expect(update).toEqual({ oldOids: [oid] });
    }
    expect(store.events).toHaveLength(1);
    expect(read(join(gitDir, "seen"))).toBe(`${oid} ${oid} refs/heads/main\n`.repeat(2));
  });

  test("is given up before the commit when the caller has gone", async () => {
    await using store = await TemporaryStore.open();
    const gitDir = await store.create("a.git");
    const controller = new AbortController();
    hook(gitDir, "custom_hooks/pre-receive", 'touch "$GIT_DIR/started"; exec sleep 30');
    const commit = store.commit("a.git", "main", "one", controller.signal);
    while (!existsSync(join(gitDir, "started"))) await Bun.sleep(5);
    controller.abort();
    expect(await failureOf(commit)).toMatchObject({ reason: "canceled" });
    expect((await runGit(gitDir, ["for-each-ref"])).toString()).toBe("");
    expect(inState(store)).toEqual([]);
    expect(store.pins.count("default\0a.git")).toBe(0);
  });
});

describe("a caller who goes away", () => {
  /** A store whose backend stops at a gate, before it takes the locks or before it commits. */
  async function gatedStore(at: "prepare" | "commit"): Promise<{ store: TemporaryStore; gate: Gate; arm: () => void }> {
    const gate = new Gate();
    let armed = false;
    const pass = async (here: string) => {
      if (armed && here === at) await gate.pass();
    };
    const wrap = (git: GitBackend): GitBackend => ({
      ...git,
      close: () => git.close(),
      refs: {
        ...git.refs,
        async prepare(view, changes, options) {
          await pass("prepare");
          const prepared = await git.refs.prepare(view, changes, options);
          return {
            ...prepared,
            commit: async () => {
              await pass("commit");
              await prepared.commit();
            },
          };
        },
      },
    });
    return { store: await TemporaryStore.open({ wrap }), gate, arm: () => (armed = true) };
  }

  async function commitAndLeave(
    at: "prepare" | "commit",
    look: (store: TemporaryStore, commit: Promise<string>) => Promise<void>,
  ) {
    const gated = await gatedStore(at);
    await using store = gated.store;
    await store.create("a.git");
    gated.arm();
    const controller = new AbortController();
    const commit = store.commit("a.git", "main", "one", controller.signal);
    await gated.gate.reached;
    const waiting = store.commit("a.git", "other", "two", AbortSignal.timeout(20));
    expect(await failureOf(waiting)).toMatchObject({ reason: "canceled" });
    controller.abort();
    gated.gate.open();
    await look(store, commit);
    expect(inState(store)).toEqual([]);
    await store.commit("a.git", "afterwards", "three");
  }

  test("before the commit point changes nothing, and who waits for the lock may go too", async () => {
    await commitAndLeave("prepare", async (store, commit) => {
      expect(await failureOf(commit)).toMatchObject({ reason: "canceled" });
      expect(store.events).toEqual([]);
      expect((await runGit(join(store.root, "a.git"), ["for-each-ref"])).toString()).toBe("");
    });
  });

  test("after it gets the change all the same", async () => {
    await commitAndLeave("commit", async (store, commit) => {
      const oid = await commit;
      expect(store.events.map(({ changes }) => changes[0]?.newOid)).toEqual([oid]);
      expect((await runGit(join(store.root, "a.git"), ["rev-parse", "main"])).toString()).toBe(`${oid}\n`);
    });
  });
});

describe("hooks on disk", () => {
  test("run in order: custom, custom.d, the repository's own, global; the first failure stops", async () => {
    await using globalStore = await TemporaryStore.open();
    const globalHooks = join(globalStore.directory, "global");
    mkdirSync(globalHooks);
    await using store = await TemporaryStore.open({ globalHooks });
    const gitDir = await store.create("a.git");
    const note = (text: string) => `cat > /dev/null; echo ${text} >> "$GIT_DIR/order"`;
    hook(gitDir, "custom_hooks/pre-receive", note("custom"));
    hook(gitDir, "custom_hooks/pre-receive.d/20-b", note("20"));
    hook(gitDir, "custom_hooks/pre-receive.d/10-a", note("10"));
    hook(gitDir, "custom_hooks/pre-receive.d/15-backup~", note("backup"));
    hook(gitDir, "custom_hooks/pre-receive.d/16-plain", note("plain"), 0o644);
    hook(gitDir, "hooks/pre-receive", note("own"));
    hook(globalHooks, "pre-receive.d/10-a", note("global"));
    await store.commit("a.git", "main", "one");
    expect(read(join(gitDir, "order"))).toBe("custom\n10\n20\nown\nglobal\n");
    hook(gitDir, "custom_hooks/pre-receive.d/10-a", "echo out; echo err >&2; exit 1");
    const failure = store.commit("a.git", "main", "two");
    expect(await failureOf(failure)).toMatchObject({
      reason: "hook_rejected",
      details: { hook: "pre-receive", stdout: Buffer.from("out\n"), stderr: Buffer.from("err\n") },
    });
    expect(read(join(gitDir, "order"))).toBe("custom\n10\n20\nown\nglobal\ncustom\n");
  });

  test("a hook that is made executable runs with the next change, one that says nothing is told by its exit", async () => {
    await using store = await TemporaryStore.open();
    const gitDir = await store.create("a.git");
    hook(gitDir, "custom_hooks/update", "exit 3", 0o644);
    await store.commit("a.git", "main", "one");
    chmodSync(join(gitDir, "custom_hooks/update"), 0o755);
    expect(await failureOf(store.commit("a.git", "main", "two"))).toMatchObject({
      details: { hook: "update", stderr: Buffer.from("exit status 3") },
    });
  });

  test("see objects in quarantine, arguments, input and surroundings", async () => {
    await using store = await TemporaryStore.open();
    const gitDir = await store.create("a.git");
    const witness = (name: string) =>
      `{ echo "args=$*"; echo "dir=$PWD"; env | grep -E '^(GL_|GIT_DIR|GIT_QUARANTINE)' | sort; echo "stdin=$(cat)"; } > "$GIT_DIR/seen-${name}"`;
    hook(
      gitDir,
      "custom_hooks/pre-receive",
      `${witness("pre-receive")}; git cat-file -p $(sed -n 's/stdin=[0-9]* \\([0-9a-f]*\\).*/\\1/p' "$GIT_DIR/seen-pre-receive"):file.txt > "$GIT_DIR/content"`,
    );
    for (const name of ["update", "reference-transaction", "post-receive", "post-update"]) {
      hook(
        gitDir,
        `custom_hooks/${name}`,
        name === "reference-transaction"
          ? `echo "$1" >> "$GIT_DIR/transaction"; cat >> "$GIT_DIR/transaction"`
          : witness(name),
      );
    }
    const oid = await store.commit("a.git", "main", "one");
    const line = `${ZERO} ${oid} refs/heads/main`;
    expect(read(join(gitDir, "content"))).toBe("one");
    const surroundings = `GIT_DIR=${gitDir}\nGL_ID=user-1\nGL_PROJECT_PATH=group/project\nGL_PROTOCOL=web\nGL_REPOSITORY=project-1\nGL_USERNAME=janedoe`;
    expect(read(join(gitDir, "seen-pre-receive")).replace(/GIT_QUARANTINE_PATH=.*\n/, "")).toBe(
      `args=\ndir=${gitDir}\n${surroundings}\nstdin=${line}\n`,
    );
    expect(read(join(gitDir, "seen-pre-receive"))).toContain(`GIT_QUARANTINE_PATH=${store.root}/+holdfast/quarantine/`);
    expect(read(join(gitDir, "seen-update"))).toBe(
      `args=refs/heads/main ${ZERO} ${oid}\ndir=${gitDir}\n${surroundings}\nstdin=\n`,
    );
    expect(read(join(gitDir, "seen-post-receive"))).toBe(`args=\ndir=${gitDir}\n${surroundings}\nstdin=${line}\n`);
    expect(read(join(gitDir, "seen-post-update"))).toBe(
      `args=refs/heads/main\ndir=${gitDir}\n${surroundings}\nstdin=\n`,
    );
    expect(read(join(gitDir, "transaction"))).toBe(`prepared\n${line}\ncommitted\n${line}\n`);
  });

  test("of reference-transaction alone see changes that no client pushed", async () => {
    await using store = await TemporaryStore.open();
    const gitDir = await store.create("a.git");
    const oid = await store.commit("a.git", "main", "one");
    for (const name of ["pre-receive", "update", "post-receive", "post-update"])
      hook(gitDir, `custom_hooks/${name}`, 'echo ran > "$GIT_DIR/ran"; exit 1');
    hook(gitDir, "custom_hooks/reference-transaction", 'echo "$1" >> "$GIT_DIR/states"; exit 1');
    const changes = [{ name: "refs/heads/b", newOid: oid, expectedOid: ZERO }];
    const failure = store.with("a.git", (repository) => repository.updateRefs({ changes, hooks: "none" }));
    expect(await failureOf(failure)).toMatchObject({
      reason: "hook_rejected",
      details: { hook: "reference-transaction" },
    });
    expect(existsSync(join(gitDir, "ran"))).toBe(false);
    expect(read(join(gitDir, "states"))).toBe("prepared\naborted\n");
    expect((await runGit(gitDir, ["for-each-ref", "--format=%(refname)"])).toString()).toBe("refs/heads/main\n");
  });

  test("get names that are not UTF-8 as they are", async () => {
    await using store = await TemporaryStore.open();
    const gitDir = await store.create("a.git");
    const oid = await store.commit("a.git", "main", "one");
    hook(gitDir, "custom_hooks/update", 'printf "%s|" "$@" > "$GIT_DIR/update"; cat >> "$GIT_DIR/update"');
    hook(gitDir, "custom_hooks/post-update", 'printf "%s|" "$@" > "$GIT_DIR/post-update"');
    const names = ["refs/heads/b\xff", `refs/heads/${encodeUtf8("ü")}`];
    for (const name of names) {
      const changes = [{ name, newOid: oid, expectedOid: ZERO }];
      await store.with("a.git", (repository) => repository.updateRefs({ changes, hooks: "receive" }));
      expect(readFileSync(join(gitDir, "update"), "latin1")).toBe(`${name}|${ZERO}|${oid}|`);
      expect(readFileSync(join(gitDir, "post-update"), "latin1")).toBe(`${name}|`);
    }
  });

  test("are told what the client of a push says, and nothing of the server's own settings", async () => {
    await using store = await TemporaryStore.open();
    const gitDir = await store.create("a.git");
    const oid = await store.commit("a.git", "main", "one");
    process.env["HOLDFAST_GRPC_TOKEN"] = "secret";
    try {
      hook(gitDir, "custom_hooks/pre-receive", 'env > "$GIT_DIR/env"');
      const changes = [{ name: "refs/heads/b", newOid: oid, expectedOid: ZERO }];
      const pushOptions = ["ci.skip", encodeUtf8("title=ü")];
      await store.with("a.git", (repository) => repository.updateRefs({ changes, hooks: "receive", pushOptions }));
    } finally {
      delete process.env["HOLDFAST_GRPC_TOKEN"];
    }
    const seen = read(join(gitDir, "env"));
    expect(seen).toContain("GIT_PUSH_OPTION_COUNT=2\n");
    expect(seen).toContain("GIT_PUSH_OPTION_0=ci.skip\n");
    expect(seen).toContain("GIT_PUSH_OPTION_1=title=ü\n");
    expect(seen).not.toContain("secret");
  });

  test("that fail after the change only leave a note", async () => {
    await using store = await TemporaryStore.open();
    const gitDir = await store.create("a.git");
    hook(gitDir, "custom_hooks/post-receive", "echo sorry >&2; exit 1");
    await store.commit("a.git", "main", "one");
    expect(String(store.ignoredFailures)).toContain("sorry");
  });

  test("are stopped with all their children when they take too long", async () => {
    await using store = await TemporaryStore.open({ hookTimeoutMs: 200 });
    const gitDir = await store.create("a.git");
    hook(gitDir, "custom_hooks/pre-receive", 'sleep 30 & echo $! > "$GIT_DIR/child"; wait');
    expect(await failureOf(store.commit("a.git", "main", "one"))).toMatchObject({ reason: "hook_rejected" });
    expect(existsSync(`/proc/${read(join(gitDir, "child")).trim()}/exe`)).toBe(false);
  });

  test("may leave their input unread, say much, and have no first line", async () => {
    await using store = await TemporaryStore.open();
    const gitDir = await store.create("a.git");
    writeFileSync(join(gitDir, "noise"), Buffer.alloc(3_000_000, "x"));
    mkdirSync(join(gitDir, "custom_hooks"));
    writeFileSync(
      join(gitDir, "custom_hooks/pre-receive"),
      'exec <&-; cat "$GIT_DIR/noise"; cat "$GIT_DIR/noise" >&2; exit 1\n',
      { mode: 0o755 },
    );
    const failure = await failureOf(store.commit("a.git", "main", "one"));
    expect(failure).toMatchObject({ reason: "hook_rejected" });
    expect((failure as { details: { stderr: Uint8Array } }).details.stderr.length).toBe(1024 * 1024);
  });
});

describe("setHead", () => {
  test("points HEAD at a branch and records it", async () => {
    await using store = await TemporaryStore.open();
    const gitDir = await store.create("a.git");
    await store.with("a.git", (repository) => repository.setHead("refs/heads/trunk"));
    await store.with("a.git", (repository) => repository.setHead("refs/heads/trunk"));
    expect(read(join(gitDir, "HEAD"))).toBe("ref: refs/heads/trunk\n");
    expect(store.events).toHaveLength(1);
    expect(store.events[0]?.head).toEqual({ oldTarget: "refs/heads/main", newTarget: "refs/heads/trunk" });
  });
});
