// `npm run check:native`: the addon's C under AddressSanitizer and LeakSanitizer.
import { run } from "./run.mjs";
import { say, setUp } from "./setup.mjs";

const missing = setUp();
if (missing !== undefined) {
  say(missing);
  process.exit(1);
}
const result = run("make", ["-s", "-C", "native", "check"]);
process.stdout.write(result.output);
process.exit(result.status);
