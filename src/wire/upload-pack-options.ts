import { isHiddenFromFetches } from "../domain/hidden-refs.ts";
import type { RefName } from "../domain/reference.ts";

/** What git's settings let a fetch do (git-config(1), uploadpack.*, transfer.hideRefs), as far as a client of the service may say so. */
export interface UploadPackOptions {
  /** May version 0 ask for what was not advertised: any object, the tips of hidden references, what references reach? */
  readonly allowsAny: boolean;
  readonly allowsTips: boolean;
  readonly allowsReachable: boolean;
  /** Is the reference left out? */
  readonly isHidden: (name: RefName) => boolean;
  /** Equal for options that hide the same references. */
  readonly hides: string;
}

/**
 * Reads settings as `key=value`, the last of a key counts; other settings are left alone. Unless told otherwise version 0 may ask for any
 * object, as version 2 may always: a partial clone gets what it lacks in no other way.
 */
export function uploadPackOptions(settings: readonly string[] = []): UploadPackOptions {
  let [allowsAny, allowsTips, allowsReachable] = [true, false, false];
  const hides: string[] = [];
  for (const setting of settings) {
    const equals = setting.indexOf("=");
    const key = (equals < 0 ? setting : setting.slice(0, equals)).toLowerCase();
    const value = equals < 0 ? "true" : setting.slice(equals + 1);
    const isOn = /^(true|yes|on|[1-9][0-9]*)$/i.test(value);
    if (key === "uploadpack.allowanysha1inwant") allowsAny = isOn;
    else if (key === "uploadpack.allowtipsha1inwant") allowsTips = isOn;
    else if (key === "uploadpack.allowreachablesha1inwant") allowsReachable = isOn;
    else if (key === "uploadpack.hiderefs" || key === "transfer.hiderefs") hides.push(value);
  }
  const isHidden = hides.length === 0 ? isHiddenFromFetches : hiddenBy(hides);
  return { allowsAny, allowsTips, allowsReachable, isHidden, hides: hides.join("\0") };
}

/** The capabilities that tell a client of version 0. */
export function allowancesOf({ allowsAny, allowsTips, allowsReachable }: UploadPackOptions): string[] {
  const allowances: string[] = [];
  if (allowsAny || allowsTips) allowances.push("allow-tip-sha1-in-want");
  if (allowsAny || allowsReachable) allowances.push("allow-reachable-sha1-in-want");
  return allowances;
}

/** The last rule that matches decides; `!` before a name shows it again, a `^` changes nothing where there are no namespaces. */
function hiddenBy(hides: readonly string[]): (name: RefName) => boolean {
  const rules = hides.toReversed().map((rule) => {
    const shows = rule.startsWith("!");
    const name = rule.slice(shows ? 1 : 0).replace(/^\^/, "");
    return { shows, name: name.replace(/\/+$/, "") };
  });
  return (name) => {
    if (isHiddenFromFetches(name)) return true;
    const rule = rules.find((each) => name === each.name || name.startsWith(`${each.name}/`));
    return rule !== undefined && !rule.shows;
  };
}
