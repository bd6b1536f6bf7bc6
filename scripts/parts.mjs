// A test run is made of parts. Each prints one line; the end of a failing part's log follows it.
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tail } from "./run.mjs";

const FAILURE_LINES = 40;

/** What a part found: how many tests passed and failed, and its log. */
export const outcome = (passed, failed, log = "") => ({ passed, failed, log });

/** A part that counts no tests of its own: it only can fail. */
export const step = (result) => outcome(0, result.ok ? 0 : 1, result.output);

/** Reads the last `N passed, N failed` of a program's output; a run that never got there is one failure. */
export function counted({ ok, output }) {
  const found = [...output.matchAll(/(\d+) passed, (\d+) failed/g)].at(-1);
  if (found === undefined) return outcome(0, 1, output);
  const [passed, failed] = [Number(found[1]), Number(found[2])];
  return outcome(passed, ok || failed > 0 ? failed : 1, output);
}

/** Runs parts one after the other and adds them up. */
export class Report {
  #logs = mkdtempSync(join(tmpdir(), "holdfast-test-"));
  #passed = 0;
  #failed = 0;

  /** Runs one part; what it throws is a failure like any other. */
  async part(name, run) {
    const startedMs = performance.now();
    let result;
    try {
      result = await run();
    } catch (error) {
      result = outcome(0, 1, error.stack ?? String(error));
    }
    const { passed, failed, log } = result;
    this.#passed += passed;
    this.#failed += failed;
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    const count = passed + failed === 0 ? "ok" : `${passed} ok, ${failed} not ok`;
    console.log(`${failed > 0 ? "FAIL" : "pass"}  ${name.padEnd(32)} ${count.padEnd(22)} ${seconds} s`);
    if (failed === 0) return;
    const file = join(this.#logs, `${name.replaceAll(/\W+/g, "-")}.log`);
    writeFileSync(file, log);
    console.log(`${tail(log, FAILURE_LINES)}\n(whole log: ${file})`);
  }

  /** Prints the sum and leaves with the exit code that fits. No test at all is a failure too. */
  end() {
    console.log(`${this.#passed} passed, ${this.#failed} failed`);
    process.exit(this.#failed > 0 || this.#passed === 0 ? 1 : 0);
  }
}
