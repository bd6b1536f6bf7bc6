import type { DeliveredEvent } from "../../../contract/events.ts";
import { resourceAddress } from "./resource-uri.ts";

/** A resource that a client wants to be told of. */
export interface Followed {
  readonly uri: string;
  readonly repo: string;
  readonly rev: string;
}

/** The resource of an address. Throws `invalid_input` for what is none. */
export function followed(uri: string): Followed {
  const { repo, rev } = resourceAddress(uri);
  return { uri, repo, rev };
}

/** Does an event move what a resource shows? */
export function isAbout({ event, data }: DeliveredEvent, { repo, rev }: Followed): boolean {
  // Who follows it by its old name hears that this leads nowhere any more.
  if (event === "repository_renamed") return data["old_repo"] === repo || data["repo"] === repo;
  if (data["repo"] !== repo) return false;
  if (event === "default_branch_changed") return isHead(rev);
  if (event === "repository_deleted") return true;
  if (event !== "ref_updated") return false;
  // Which branch HEAD names is not asked for each push: one too many is read again, and is the same.
  return isHead(rev) || namesOf(rev).some((name) => name === data["ref"]);
}

/** `main~2` moves with `main`; `alice@work` is a name. */
const baseOf = (rev: string): string => rev.replace(/(?:[~^:]|@\{).*$/, "");

const isHead = (rev: string): boolean => ["HEAD", "@", ""].includes(baseOf(rev));

function namesOf(rev: string): string[] {
  const name = baseOf(rev);
  return [name, `refs/${name}`, `refs/heads/${name}`, `refs/tags/${name}`];
}
