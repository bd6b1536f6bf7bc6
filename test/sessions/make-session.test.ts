import { expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GitBackend } from "../../src/backend/backend.ts";
import { OperationError } from "../../src/domain/errors.ts";
import { makeSession } from "../../src/sessions/make-session.ts";
import { SessionDirectories } from "../../src/sessions/session-directory.ts";
import type { SessionServices } from "../../src/sessions/session-service.ts";
import { systemClock } from "../../src/telemetry/clock.ts";
import { failure } from "../support/read-story.ts";
import { TemporaryStore } from "../support/temporary-store.ts";

test("a session that is broken off while it is made leaves no folder, and nothing is kept open of it", async () => {
  const root = mkdtempSync(join(tmpdir(), "holdfast-sessions-"));
  const forgotten: string[] = [];
  const wrap = (git: GitBackend): GitBackend => ({
    ...git,
    close: () => git.close(),
    forget: (gitDir) => void forgotten.push(gitDir),
    worktree: { ...git.worktree, checkout: () => Promise.reject(new OperationError("canceled", {})) },
  });
  const services = {
    store: { counts: async () => ({ owned: 0, all: 0 }) },
    directories: new SessionDirectories(root),
    checkouts: { forget: () => {} },
    clock: systemClock,
    settings: { perOwnerMax: 1, allMax: 1, leaseMs: 1000 },
  } as unknown as SessionServices;
  try {
    await using store = await TemporaryStore.open({ wrap });
    await store.create("a.git");
    await store.commit("a.git", "main", "one");
    const place = {
      owner: "alice",
      repository: { storage: "default", relativePath: "a.git" },
      isDefault: false,
      signal: new AbortController().signal,
    };
    const session = { branch: "refs/heads/main", checkout: "full", pushes: false } as const;
    await store.with("a.git", (repository) => failure(makeSession(services, repository, session, place), "canceled"));
    expect(readdirSync(root)).toEqual([]);
    expect(forgotten.filter((gitDir) => gitDir.startsWith(root))).toHaveLength(1);
    expect(existsSync(forgotten[0]!)).toBe(false);
  } finally {
    rmSync(root, { recursive: true });
  }
});
