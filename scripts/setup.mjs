// Everything a fresh clone needs before it can serve or be tested. Safe to repeat, quick when nothing is missing.
import { addonIsBuilt, buildAddon } from "./addon.mjs";
import { buildClient, clientIsBuilt } from "./client.mjs";
import { dependenciesAreInstalled, installDependencies } from "./dependencies.mjs";
import { findLibgit2 } from "./libgit2.mjs";
import { withSetupLock } from "./setup-lock.mjs";

const NODE_MAJOR_MIN = 20;

/** Progress goes to stderr: stdout belongs to the program that is started. */
export const say = (line) => process.stderr.write(`holdfast: ${line}\n`);

/**
 * Answers why the embedded backend is not available, or undefined when it is. Exits when nothing can run at all. The
 * server does without the client: that it cannot be built is told, and found again by the checks.
 */
export function setUp() {
  if (Number(process.versions.node.split(".")[0]) < NODE_MAJOR_MIN) {
    say(`Node.js ${process.versions.node} is too old; ${NODE_MAJOR_MIN} or newer is needed`);
    process.exit(1);
  }
  if (dependenciesAreInstalled() && addonIsBuilt() && clientIsBuilt()) return undefined;
  try {
    return withSetupLock(say, () => {
      installDependencies(say);
      const unbuilt = buildClient(say);
      if (unbuilt !== undefined) say(unbuilt);
      return findLibgit2(say) ?? buildAddon(say);
    });
  } catch (error) {
    say(error.message);
    process.exit(1);
  }
}
