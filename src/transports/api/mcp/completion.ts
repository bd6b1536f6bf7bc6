import type { CompleteResult } from "@modelcontextprotocol/server";
import { encodeCursor } from "../../../contract/page.ts";
import type { AgentReads, Page } from "./agent-reads.ts";

/** As the protocol has it. */
const VALUES_MAX = 100;
const READ_MAX = 1000;
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
  // The list begins behind a name: one character less, so that a whole name is found as well.
  const before = value.slice(0, -1);
  const { items } = await reads.run<Page<{ full_name: string }>>("browseRepositories", {
    limit: READ_MAX,
    ...(before !== "" && { cursor: encodeCursor({ after: before }) }),
  });
  return items.map(({ full_name }) => full_name).filter((name) => name.startsWith(value));
}

async function revisionsFrom(reads: AgentReads, repo: string, value: string): Promise<string[]> {
  const { items } = await reads.run<Page<{ name: string }>>("browseReferences", {
    repo,
    pattern: ["refs/heads/", "refs/tags/"],
    limit: READ_MAX,
  });
  return items.map(({ name }) => name.replace(/^refs\/(?:heads|tags)\//, "")).filter((name) => name.startsWith(value));
}

async function pathsFrom(reads: AgentReads, repo: string, rev: string, value: string): Promise<string[]> {
  const folder = value.slice(0, Math.max(0, value.lastIndexOf("/")));
  const { items } = await reads.run<Page<{ path: string; type: string }>>("listFiles", {
    repo,
    rev,
    ...(folder !== "" && { path: folder }),
    limit: READ_MAX,
  });
  return items
    .map(({ path, type }) => (type === "tree" ? `${path}/` : path))
    .filter((path) => typeof path === "string" && path.startsWith(value));
}
