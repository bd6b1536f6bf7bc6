import { beforeEach, describe, expect, test } from "bun:test";
import type { GitBackend } from "../../src/backend/backend.ts";
import type { SessionChange, SessionStore } from "../../src/contract/session-store.ts";
import type { SessionInfo } from "../../src/contract/sessions.ts";
import { WorkingSession } from "../../src/sessions/working-session.ts";

const [BEFORE, AFTER] = ["1".repeat(40), "2".repeat(40)];
const INFO = { id: "0".repeat(24), branch: "refs/heads/main", headOid: BEFORE, isLazy: false } as SessionInfo;
const view = { gitDir: "/none/git", workTree: "/none/worktree", objectFormat: "sha1" } as const;

let steps: string[];

interface Failing {
  readonly publish?: boolean;
  readonly prepare?: boolean;
  readonly commit?: boolean;
  readonly store?: boolean;
}

/** A session whose parts take down what they do, and fail where they are told to. */
function session(failing: Failing = {}): WorkingSession {
  const step = async (name: keyof Failing) => {
    steps.push(name);
    if (failing[name] === true) throw new Error(name);
  };
  const prepare = async () => {
    await step("prepare");
    return { commit: () => step("commit"), abort: async () => void steps.push("abort") };
  };
  const git = { refs: { head: async () => ({ oid: BEFORE }), prepare } } as unknown as GitBackend;
  const change = async (_: string, change: SessionChange) => {
    steps.push(JSON.stringify(change));
    await step("store");
  };
  const store = { change } as unknown as SessionStore;
  const publish = () => step("publish");
  return new WorkingSession({
    info: INFO,
    view,
    git,
    temporaryDir: "/none/new",
    store,
    announced: Promise.resolve(),
    publish,
  });
}

beforeEach(() => {
  steps = [];
});

describe("moving the head of a session", () => {
  test("the repository has the commit before HEAD names it, and the row says that nothing is left", async () => {
    const one = session();
    await one.moveHead(AFTER, true);
    expect(steps.indexOf("publish")).toBeLessThan(steps.indexOf("commit"));
    expect(steps).toContain(JSON.stringify({ headOid: AFTER, dirtySinceMs: null, commitDueAtMs: null, problem: null }));
    expect([one.published, one.toldHead, one.isToldCommitted]).toEqual([AFTER, AFTER, true]);
  });

  test("the row does not say so where something is left", async () => {
    const one = session();
    await one.moveHead(AFTER, false);
    expect(steps).toContain(JSON.stringify({ headOid: AFTER }));
    expect([one.isCommitted, one.isToldCommitted]).toEqual([false, false]);
  });

  test("what the repository does not take moves no HEAD, and keeps no lock", async () => {
    const one = session({ publish: true });
    await expect(one.moveHead(AFTER, true)).rejects.toThrow("publish");
    expect([steps.includes("commit"), steps.at(-1)]).toEqual([false, "abort"]);
    expect([one.published, one.toldHead, one.isCommitted]).toEqual([BEFORE, BEFORE, false]);
  });

  test("a branch that is locked moves nothing, and the repository is to be told", async () => {
    const one = session({ prepare: true });
    await expect(one.moveHead(AFTER, true)).rejects.toThrow("prepare");
    expect([one.published, one.toldHead, one.isCommitted]).toEqual([AFTER, BEFORE, false]);
  });

  test.each(["commit", "store"] as const)("nobody knows what the row says when the %s failed", async (name) => {
    const one = session({ [name]: true });
    await expect(one.moveHead(AFTER, true)).rejects.toThrow(name);
    expect([one.toldHead, one.isCommitted]).toEqual([undefined, false]);
  });
});
