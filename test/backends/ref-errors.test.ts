import { expect, test } from "bun:test";
import { refError } from "../../src/backend/shell/ref-errors.ts";
import { OperationError } from "../../src/domain/errors.ts";

test("a lock that could not be written is a full disk: git says no more than that", () => {
  const stderr =
    "fatal: prepare: cannot update ref 'refs/heads/a': couldn't write '/data/a b.git/./refs/heads/a.lock'\n";
  const failed = new OperationError("git_failed", { command: "update-ref", exitCode: 128 }, { context: { stderr } });
  expect(refError(failed, [{ name: "refs/heads/a", newOid: "1".repeat(40) }])).toMatchObject({ reason: "disk_full" });
});
