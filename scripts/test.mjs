// `npm test`: every test of the project, on both backends. Prints a line for each part and the sum at the end.
import { bunTests } from "./bun-tests.mjs";
import { checks } from "./checks.mjs";
import { CHROMIUM_VARIABLE, findChromium } from "./chromium.mjs";
import { conformance } from "./conformance-runs.mjs";
import { mcpClients } from "./mcp-clients.mjs";
import { nativeChecks } from "./native-checks.mjs";
import { outcome, Report, step } from "./parts.mjs";
import { POSTGRES_VARIABLE, startPostgres } from "./postgres.mjs";
import { setUp } from "./setup.mjs";

const missing = setUp();
const report = new Report();
// Serving goes on without the addon; a test of the whole project does not.
await report.part("set-up", () => outcome(0, missing === undefined ? 0 : 1, missing));
for (const check of checks) await report.part(check.name, () => step(check.run()));
await report.part("native", nativeChecks);
let postgres;
await report.part("postgres", () => {
  postgres = startPostgres();
  return outcome(0, 0);
});
let chromium;
await report.part("chromium", () => {
  chromium = findChromium();
  return outcome(0, 0);
});
// Without them the tests that need one fail, and say so.
const env = {
  ...(postgres !== undefined && { [POSTGRES_VARIABLE]: postgres.url }),
  ...(chromium !== undefined && { [CHROMIUM_VARIABLE]: chromium }),
};
// With the dot they are folders; without, any path that has the word in it.
await report.part("bun test", () => bunTests(["./test"], env));
postgres?.stop();
await report.part("client", () => bunTests(["./client/test"]));
await report.part("examples", () => bunTests(["./examples"]));
await mcpClients(report);
await conformance(report);
report.end();
