import type { ContractCapability, ContractContext } from "./contract-check.ts";
import { gitAdapterContract } from "./git-adapter-contract.ts";

/** The two functions that `node:test`, `bun:test`, Vitest and Jest have in common. */
export interface TestRunner {
  /** Groups tests under a name. */
  readonly describe: (name: string, body: () => void) => unknown;
  /** Registers a test. */
  readonly test: (name: string, body: () => Promise<void>) => unknown;
}

/** Which checks are registered, and under which name. */
export interface ContractSettings {
  /** What the adapter under test is called in the report. */
  readonly name?: string;
  /** What the adapter lacks: checks that need it are left out. */
  readonly without?: readonly ContractCapability[];
}

/**
 * Registers the contract as a test for each check. `makeContext` is called with the check's name before each; its
 * `close` is called after it, whether the check holds or not.
 */
export function registerContract(
  { describe, test }: TestRunner,
  makeContext: (name: string) => ContractContext | Promise<ContractContext>,
  { name = "GitAdapter", without = [] }: ContractSettings = {},
): void {
  const checks = gitAdapterContract().filter(({ needs }) => !needs.some((need) => without.includes(need)));
  describe(name, () => {
    for (const check of checks) {
      test(check.name, async () => {
        const context = await makeContext(check.name);
        try {
          await check.run(context);
        } finally {
          await context.close?.();
        }
      });
    }
  });
}
