import type { GitBackend } from "../../src/backend/backend.ts";
import { loadAddon } from "../../src/backend/libgit2/addon.ts";
import { createLibgit2Backend } from "../../src/backend/libgit2/libgit2-backend.ts";
import { createShellBackend } from "../../src/backend/shell/shell-backend.ts";

/** A backend that the suites of test/backends run over, all with the same expectations. */
export interface BackendUnderTest {
  readonly name: "libgit2" | "shell";
  open(): GitBackend;
}

export const BACKENDS_UNDER_TEST: readonly BackendUnderTest[] = [
  { name: "libgit2", open: () => createLibgit2Backend(loadAddon()) },
  { name: "shell", open: () => createShellBackend() },
];
