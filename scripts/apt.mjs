// Installs packages of Debian where nobody has to be asked.
import { exists, run } from "./run.mjs";

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

/** Installs packages; answers what apt-get said, or undefined where it cannot be run without asking. */
export function aptInstall(packages) {
  const apt = quietApt();
  if (apt === undefined) return undefined;
  const install = () => aptGet(apt, "install", "-y", "--no-install-recommends", ...packages);
  const result = install();
  if (result.ok) return result;
  // A fresh machine has no package lists yet.
  aptGet(apt, "update");
  return install();
}
