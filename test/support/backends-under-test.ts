import type { GitBackend } from "../../src/backend/backend.ts";
import { loadAddon } from "../../src/backend/libgit2/addon.ts";
import { createLibgit2Backend } from "../../src/backend/libgit2/libgit2-backend.ts";
import type { CanaryDifference } from "../../src/backend/routed/canary.ts";
import { createRoutedBackend } from "../../src/backend/routed/routed-backend.ts";
import { createShellBackend } from "../../src/backend/shell/shell-backend.ts";

/** With `settleCanary` a change may be made that reads under comparison must not see. */
export type OpenBackend = GitBackend & { settleCanary?(): Promise<void> };

/** A backend that the suites of test/backends run over, all with the same expectations. */
export interface BackendUnderTest {
  readonly name: "libgit2" | "shell" | "routed";
  open(): OpenBackend;
}

export const BACKENDS_UNDER_TEST: readonly BackendUnderTest[] = [
  { name: "libgit2", open: () => createLibgit2Backend(loadAddon()) },
  { name: "shell", open: () => createShellBackend() },
  { name: "routed", open: openRouted },
];

/**
 * The library with native git behind it, as the server has them. Every read is answered by both; a difference makes `close` fail.
 */
function openRouted(): OpenBackend {
  const differences: CanaryDifference[] = [];
  const routed = createRoutedBackend({
    backends: { libgit2: createLibgit2Backend(loadAddon()), shell: createShellBackend() },
    current: "libgit2",
    canaryPercent: 100,
    onDifference: (difference) => differences.push(difference),
  });
  return {
    ...routed,
    settleCanary: () => routed.settleCanary(),
    async close() {
      await routed.settleCanary();
      await routed.close();
      if (differences.length > 0) throw new Error(`the backends differ: ${differences.map(inOneLine).join("\n")}`);
    },
  };
}

function inOneLine({ facet, method, question, served, other }: CanaryDifference): string {
  const answers = [served, other].map(({ backend, answer }) => `${backend}: ${answer}`);
  return `${facet}.${method} ${question} ${answers.join(" ")}`;
}
