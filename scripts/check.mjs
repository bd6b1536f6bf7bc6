// `npm run check`: format, types, lint, generated files, tidy. Goes through all of them before it gives up.
import { checks, tidy } from "./checks.mjs";
import { buildClient } from "./client.mjs";
import { installDependencies } from "./dependencies.mjs";
import { tail } from "./run.mjs";
import { withSetupLock } from "./setup-lock.mjs";
import { say } from "./setup.mjs";

withSetupLock(say, () => {
  installDependencies(say);
  // The examples' types come from it. Why it cannot be built, the check of its types says.
  buildClient(say);
});
let failed = 0;
for (const check of [...checks, tidy]) {
  const result = check.run();
  console.log(`${result.ok ? "pass" : "FAIL"}  ${check.name}`);
  if (result.ok) continue;
  failed++;
  console.log(tail(result.output, 60));
}
process.exit(failed > 0 ? 1 : 0);
