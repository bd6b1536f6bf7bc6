import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { GitBackend } from "../../src/backend/backend.ts";
import type { WorktreeFacet, WorktreeView } from "../../src/backend/worktree-facet.ts";
import { FullCheckouts } from "../../src/sessions/full-checkouts.ts";

const ID = "0123456789abcdef01234567";

let view: WorktreeView;
let calls: string[];

/** A backend that flushes when it is told to, and takes down what it was asked for. */
function backend(flush: () => Promise<void> = async () => {}): GitBackend {
  const worktree: Pick<WorktreeFacet, "flush" | "restoreLost"> = {
    flush: async () => {
      calls.push("flush");
      await flush();
    },
    restoreLost: async () => {
      calls.push("restore");
      return [];
    },
  };
  return { worktree } as unknown as GitBackend;
}

const opened = (bootId: string): FullCheckouts => new FullCheckouts({ bootId, onFailed: () => calls.push("failed") });
const isMarked = (): boolean => readdirSync(dirname(view.gitDir)).includes("unflushed");

beforeEach(() => {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-checkout-"));
  view = { gitDir: join(directory, "git"), workTree: join(directory, "worktree"), objectFormat: "sha1" };
  for (const folder of [view.gitDir, view.workTree]) mkdirSync(folder);
  calls = [];
});

afterEach(() => {
  rmSync(dirname(view.gitDir), { recursive: true, force: true });
});

describe("a full checkout that has not been flushed", () => {
  test("is marked until it has been; whoever changes something waits for that, and only one flush is made", async () => {
    const gate = Promise.withResolvers<void>();
    const git = backend(() => gate.promise);
    const checkouts = opened("boot");
    await checkouts.filled(ID, view);
    expect([isMarked(), checkouts.isDoubtful(ID)]).toEqual([true, false]);
    checkouts.settleLater(ID, view, git);
    const ended = new AbortController();
    const changes = [checkouts.settled(ID, { ...view, signal: ended.signal }, git), checkouts.settled(ID, view, git)];
    ended.abort();
    const first = await Promise.race([
      ...changes.map((change) => change.then(() => "changed")),
      Bun.sleep(20).then(() => "waits"),
    ]);
    expect([first, isMarked()]).toEqual(["waits", true]);
    gate.resolve();
    await Promise.all(changes);
    expect([isMarked(), calls]).toEqual([false, ["flush"]]);
    await checkouts.settled(ID, view, git);
    expect(calls).toEqual(["flush"]);
  });

  test("is flushed again where that went wrong", async () => {
    const checkouts = opened("boot");
    await checkouts.filled(ID, view);
    const broken = backend(() => Promise.reject(new Error("EIO")));
    checkouts.settleLater(ID, view, broken);
    await expect(checkouts.settled(ID, view, broken)).rejects.toThrow("EIO");
    expect([isMarked(), calls]).toEqual([true, ["flush", "failed"]]);
    await checkouts.settled(ID, view, backend());
    expect([isMarked(), calls]).toEqual([false, ["flush", "failed", "flush"]]);
  });

  test("is only flushed where the server alone was killed, and made whole where the machine was started anew", async () => {
    await opened("boot").filled(ID, view);
    const restarted = opened("boot");
    expect([restarted.found(ID, view), restarted.isDoubtful(ID)]).toEqual([true, false]);
    for (const bootId of ["another", ""]) {
      const checkouts = opened(bootId);
      expect([checkouts.found(ID, view), checkouts.isDoubtful(ID)]).toEqual([true, true]);
    }
    const checkouts = opened("another");
    checkouts.found(ID, view);
    await checkouts.settled(ID, view, backend());
    expect([isMarked(), checkouts.isDoubtful(ID), calls]).toEqual([false, false, ["restore", "flush"]]);
    expect(opened("third").found(ID, view)).toBe(false);
  });

  test("may be removed while it is flushed", async () => {
    const gate = Promise.withResolvers<void>();
    const checkouts = opened("boot");
    await checkouts.filled(ID, view);
    const settled = checkouts.settled(
      ID,
      view,
      backend(() => gate.promise),
    );
    checkouts.forget(ID);
    rmSync(dirname(view.gitDir), { recursive: true });
    gate.resolve();
    await settled;
    expect([existsSync(dirname(view.gitDir)), calls]).toEqual([false, ["flush"]]);
  });
});
