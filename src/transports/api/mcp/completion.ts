import type { CompleteResult } from "@modelcontextprotocol/server";
import { encodeCursor } from "../../../contract/page.ts";
import type { AgentReads, Page } from "./agent-reads.ts";

/** As the protocol has it. */
const VALUES_MAX = 100;
/** Entries of a folder that are read at once, and how often: those of larger folders are completed among the first of them. */
const PAGE_LIMIT = 1000;
const PAGES_MAX = 20;
/** Arguments of prompts that are revisions. */
const REVISIONS: ReadonlySet<string> = new Set(["rev", "base", "head", "from", "to", "branch"]);

/** What is being completed. */
export interface Completing {
  readonly argument: string;
  readonly value: string;
  /** Arguments that are known already. */
  readonly known: Readonly<Record<string, string>>;
}

/** Values that an argument of a resource's address, or of a prompt, may have. Rejects with OperationErrors. */
export async function complete(reads: AgentReads, { argument, value, known }: Completing): Promise<CompleteResult> {
  const found = await valuesOf(reads, argument, value, known);
  return {
    completion: {
      values: found.slice(0, VALUES_MAX),
      hasMore: found.length > VALUES_MAX,
    },
  };
}

async function valuesOf(
  reads: AgentReads,
  argument: string,
  value: string,
  { repo, rev }: Readonly<Record<string, string>>,
): Promise<string[]> {
  if (argument === "repo") return await repositoriesFrom(reads, value);
  if (repo === undefined) return [];
  if (REVISIONS.has(argument)) return await revisionsFrom(reads, repo, value);
  if (argument === "path") return await pathsFrom(reads, repo, rev ?? "HEAD", value);
  return [];
}

async function repositoriesFrom(reads: AgentReads, value: string): Promise<string[]> {
  const before = behindWhich(value);
  const { items } = await reads.run<Page<{ full_name: string }>>("browseRepositories", {
    limit: VALUES_MAX + 1,
    ...(before !== "" && { cursor: encodeCursor({ after: before }) }),
  });
  return items.map(({ full_name }) => full_name).filter((name) => name.startsWith(value));
}

/** The text behind which those begin, in a sorted list, that begin with `value`: it is one of them itself. */
function behindWhich(value: string): string {
  const last = value.charCodeAt(value.length - 1);
  return last > 0 ? `${value.slice(0, -1)}${String.fromCharCode(last - 1)}\u{ffff}` : "";
}

async function revisionsFrom(reads: AgentReads, repo: string, value: string): Promise<string[]> {
  // No name has such a character, but a pattern may.
  if (/[*?[\\]/.test(value)) return [];
  const { items } = await reads.run<Page<{ name: unknown }>>("browseReferences", {
    repo,
    pattern: ["refs/heads/", "refs/tags/"].flatMap((place) => [`${place}${value}*`, `${place}${value}*/**`]),
    limit: VALUES_MAX + 1,
  });
  // Names that are no UTF-8 cannot be completed.
  return items
    .map(({ name }) => (typeof name === "string" ? name.replace(/^refs\/(?:heads|tags)\//, "") : ""))
    .filter((name) => name !== "" && name.startsWith(value));
}

async function pathsFrom(reads: AgentReads, repo: string, rev: string, value: string): Promise<string[]> {
  const folder = value.slice(0, Math.max(0, value.lastIndexOf("/")));
  const found: string[] = [];
  let cursor: string | null | undefined;
  for (let pages = 0; pages < PAGES_MAX && cursor !== null && found.length <= VALUES_MAX; pages++) {
    const page: Page<{ path: unknown; type: string }> = await reads.run("listFiles", {
      repo,
      rev,
      ...(folder !== "" && { path: folder }),
      ...(cursor !== undefined && { cursor }),
      limit: PAGE_LIMIT,
    });
    for (const { path, type } of page.items) {
      if (typeof path !== "string" || !path.startsWith(value)) continue;
      found.push(type === "tree" ? `${path}/` : path);
    }
    cursor = page.next_cursor ?? null;
  }
  return found;
}
