import { compareVersions } from "../../domain/compare-versions.ts";
import { type Finding, good, problem, warning } from "./finding.ts";
import { outputOf } from "./output-of.ts";

const GIT_MIN = "2.39.0";
const LIBGIT2_MIN = "1.5.0";

/** Loads the addon in a process of its own: one that crashes shall be a finding, not the doctor's end. */
const LOAD_ADDON = new URL("load-addon.ts", import.meta.url).pathname;

/** Is native git there, and new enough? */
export function checkGit(): Finding {
  const version = /(\d+\.\d+(\.\d+)?)/.exec(outputOf("git", "--version") ?? "")?.[1];
  if (version === undefined) return problem("git", "not found in PATH", "install git: apt-get install git");
  if (compareVersions(version, GIT_MIN) < 0) return problem("git", version, `install git ${GIT_MIN} or newer`);
  return good("git", version);
}

/** Is libgit2 there, and new enough? Without it the shell backend serves. */
export function checkLibgit2(): Finding {
  const version = outputOf("pkg-config", "--modversion", "libgit2");
  const advice = "apt-get install libgit2-dev pkg-config, then npm start; until then GIT_BACKEND=shell serves";
  if (version === undefined) return warning("libgit2", "not found by pkg-config", advice);
  if (compareVersions(version, LIBGIT2_MIN) < 0)
    return warning("libgit2", version, `${LIBGIT2_MIN} or newer is needed: ${advice}`);
  return good("libgit2", version);
}

/** Does the addon load? */
export function checkAddon(): Finding {
  const answer = outputOf(process.execPath, LOAD_ADDON);
  if (answer !== undefined) return good("addon", answer);
  return warning("addon", "cannot be loaded", "build it: make -C native; until then GIT_BACKEND=shell serves");
}
