// One set-up at a time in a checkout: two would build into each other's files.
import { closeSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { root } from "./paths.mjs";

const LOCK = join(root, ".setup-lock");
const POLL_MS = 100;

const pause = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, POLL_MS);

/** Makes the lock file; undefined when somebody else has it. */
function tryLock() {
  try {
    const file = openSync(LOCK, "wx");
    writeSync(file, String(process.pid));
    closeSync(file);
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    return false;
  }
}

/** A lock whose process has gone, killed perhaps, is nobody's. */
function isStale() {
  try {
    const pid = Number(readFileSync(LOCK, "utf8"));
    // Not yet written: its owner is a moment old.
    if (pid === 0) return false;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === "ESRCH";
  }
}

/** Runs while no other set-up of this checkout does. */
export function withSetupLock(say, run) {
  let told = false;
  while (!tryLock()) {
    if (isStale()) rmSync(LOCK, { force: true });
    else {
      if (!told) say("waiting for another set-up …");
      told = true;
      pause();
    }
  }
  try {
    return run();
  } finally {
    rmSync(LOCK, { force: true });
  }
}
