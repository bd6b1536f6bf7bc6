// Finds libgit2 and what is needed to build against it; installs it where nobody has to be asked.
import { exists, run, tail } from "./run.mjs";

const PACKAGES = ["libgit2-dev", "pkg-config", "gcc", "libc6-dev", "make"];
const FOUND = ["--exists", "libgit2 >= 1.5"];

const isThere = () => run("pkg-config", FOUND).ok && exists("make") && exists("cc");

/** How apt-get can be run without a question, or undefined. */
function quietApt() {
  if (!exists("apt-get")) return undefined;
  if (process.getuid?.() === 0) return ["apt-get"];
  return exists("sudo", "-n", "true") ? ["sudo", "-n", "apt-get"] : undefined;
}

function aptGet([program, ...prefix], ...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  return run(program, [...prefix, "-qq", "-o", "DPkg::Lock::Timeout=120", ...args], { env });
}

/** Answers undefined when libgit2 can be built against, else one line that says what to do. */
export function findLibgit2(say) {
  if (isThere()) return undefined;
  const command = `apt-get install -y ${PACKAGES.join(" ")}`;
  const apt = quietApt();
  if (apt === undefined) return `libgit2 is missing; on Debian: sudo ${command}`;
  say("installing libgit2 …");
  const install = () => aptGet(apt, "install", "-y", "--no-install-recommends", ...PACKAGES);
  let result = install();
  if (!result.ok) {
    // A fresh machine has no package lists yet.
    aptGet(apt, "update");
    result = install();
  }
  if (result.ok && isThere()) return undefined;
  return `libgit2 cannot be installed; try: sudo ${command}\n${tail(result.output, 5)}`;
}
