// Builds the addon. Make knows by itself when there is nothing to do.
import { cpus } from "node:os";
import { run, tail } from "./run.mjs";

/** Is the addon there, and newer than its sources? */
export const addonIsBuilt = () => run("make", ["-s", "-q", "-C", "native"]).ok;

/** Answers undefined when the addon is built, else why it is not. */
export function buildAddon(say) {
  if (addonIsBuilt()) return undefined;
  say("building the addon …");
  const make = run("make", ["-s", `-j${cpus().length}`, "-C", "native"]);
  return make.ok ? undefined : `the addon cannot be built:\n${tail(make.output)}`;
}
