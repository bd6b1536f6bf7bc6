// The addon's C under sanitizers. Its driver prints `ok <test>` for each test and stops at the first that fails.
import { outcome } from "./parts.mjs";
import { run } from "./run.mjs";

/** Builds and runs what `make check` runs. */
export function nativeChecks() {
  const { ok, output } = run("make", ["-s", "-C", "native", "check"]);
  const passed = [...output.matchAll(/^ok /gm)].length;
  return outcome(passed, ok && passed > 0 ? 0 : 1, output);
}
