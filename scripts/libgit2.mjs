// Finds libgit2 and what is needed to build against it; installs it where nobody has to be asked.
import { aptInstall } from "./apt.mjs";
import { exists, run, tail } from "./run.mjs";

const PACKAGES = ["libgit2-dev", "pkg-config", "gcc", "libc6-dev", "make"];
/** What the addon looks for when it runs, and does without where there is none. */
const FASTER = ["libdeflate0"];
const FOUND = ["--exists", "libgit2 >= 1.5"];

const isThere = () => run("pkg-config", FOUND).ok && exists("make") && exists("cc");

/** Answers undefined when libgit2 can be built against, else one line that says what to do. */
export function findLibgit2(say) {
  if (isThere()) return undefined;
  const command = `apt-get install -y ${PACKAGES.join(" ")}`;
  say("installing libgit2 …");
  const result = aptInstall(PACKAGES);
  if (result === undefined) return `libgit2 is missing; on Debian: sudo ${command}`;
  if (result.ok && isThere()) {
    aptInstall(FASTER);
    return undefined;
  }
  return `libgit2 cannot be installed; try: sudo ${command}\n${tail(result.output, 5)}`;
}
