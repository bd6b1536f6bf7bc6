// `npm run check:native`: the addon's C under AddressSanitizer and LeakSanitizer.
import { nativeChecks } from "./native-checks.mjs";
import { say, setUp } from "./setup.mjs";

const missing = setUp();
if (missing !== undefined) {
  say(missing);
  process.exit(1);
}
const { passed, failed, log } = nativeChecks();
process.stdout.write(log);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
