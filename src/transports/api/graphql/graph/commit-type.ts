import { repositoryNameOf } from "../../../../domain/repository-name.ts";
import { refOfFullName, repositoryNamed } from "../../derived/repository-field.ts";
import type { GraphqlContext } from "../graphql-context.ts";
import type { NounType } from "../output-types.ts";
import { Told } from "../told.ts";
import { type ConnectionArguments, costOfConnection, pageByPlace } from "./forward-page.ts";
import { idOf, nodeOf, partsOfId } from "./graph-ids.ts";
import type { GraphParts, Json } from "./graph-parts.ts";
import { pathOfJson } from "./graph-loaders.ts";
import type { TreeType } from "./tree-type.ts";

/** Commits: nodes with their tree, their parents and their history. */
export function commitType(parts: GraphParts, tree: TreeType): NounType {
  return (name, description, fields) => {
    const { builder } = parts;
    const ref = builder.objectRef<Told>(name);
    builder.node(ref, {
      ...(description !== undefined && { description }),
      id: { resolve: (commit) => idOf(repoOf(commit), oidOf(commit)) },
      loadOne: (id: string, context) =>
        nodeOf(async () => {
          const [repo, oid] = partsOfId(id, 2) as [string, string];
          return await commitOf(repo, oid, context);
        }),
      fields: (t) => ({
        ...fields(t),
        repository: t.field({
          description: "The repository that it was asked of",
          type: parts.noun("Repository"),
          complexity: 5,
          resolve: (commit, _args, context) => repositoryOf(repoOf(commit), context),
        }),
        parents: t.field({
          description: "The commits before it",
          type: [ref],
          nullable: false,
          complexity: { field: 5, multiplier: 2 },
          resolve: async (commit, _args, context) => {
            const oids = commit.json["parentOids"] as string[];
            const repo = repoOf(commit);
            const found = await Promise.all(oids.map((oid) => commitOf(repo, oid, context)));
            return found.filter((each) => each !== null);
          },
        }),
        tree: t.field({
          description: "The root, or a folder below it",
          type: tree.ref,
          args: { path: t.arg({ type: "Bytes", description: "Folder; the root when absent" }) },
          complexity: 5,
          resolve: (commit, { path }, context) =>
            tree.of({ repo: repoOf(commit), rev: oidOf(commit) }, path ?? "", context),
        }),
        file: t.field({
          description: "What stands at a path",
          type: parts.noun("File"),
          args: { path: t.arg({ type: "Bytes", required: true }) },
          complexity: 5,
          resolve: async (commit, { path }, context) => {
            const place = { repo: repoOf(commit), rev: oidOf(commit) };
            const json = await context.loaders().entries.load({ ...place, path: pathOfJson(path) });
            return json === null ? null : new Told(json, place);
          },
        }),
        details: t.field({
          description: "What it changed, and whether its signature is good",
          type: parts.resultOf("showCommit"),
          complexity: 20,
          resolve: async (commit, _args, context) => {
            const place = { repo: repoOf(commit), rev: oidOf(commit) };
            return new Told(await parts.run("showCommit", place, context), place);
          },
        }),
        history: t.connection({
          description: "It and the commits before it, the newest first",
          type: ref,
          args: { path: t.arg({ type: "Bytes", description: "Only commits that change this file or folder" }) },
          nullable: true,
          complexity: (args: ConnectionArguments) => ({ ...costOfConnection(args), field: 20 }),
          resolve: (commit, { path, ...args }, context) =>
            historyOf(parts, { repo: repoOf(commit), rev: oidOf(commit) }, path, args, context),
        }),
      }),
    });
    return ref;
  };
}

/** The history of a revision, or of a path at it. */
export async function historyOf(
  parts: GraphParts,
  place: { readonly repo: string; readonly rev: string },
  path: unknown,
  args: ConnectionArguments,
  context: GraphqlContext,
) {
  return await pageByPlace(args, async (offset, limit) => {
    if (path !== undefined && path !== null) context.budget.addPathHistory();
    const asked = { ...place, path, offset, limit };
    const { items } = (await parts.run("showLog", asked, context)) as { readonly items: readonly Json[] };
    return items.map((json) => new Told(json, place));
  });
}

/** A commit by its id; null for one that is not there. */
export async function commitOf(repo: string, oid: string, context: GraphqlContext): Promise<Told | null> {
  const json = await context.loaders().commits.load({ repo, oid });
  return json === null ? null : new Told(json, { repo });
}

/** A repository by its name. Throws `repository_not_found`. */
export async function repositoryOf(repo: string, context: GraphqlContext): Promise<Told> {
  const { owner, private: isPrivate, description } = await context.loaders().repositories.load(repo);
  const fullName = fullNameOf(repo, context);
  return new Told({ fullName, owner, private: isPrivate, description }, { repo: fullName });
}

/** The one name that a repository has among all that lead to it, so that it has one id: without a slash before and `.git` behind. */
function fullNameOf(repo: string, { engine }: GraphqlContext): string {
  const { relativePath } = repositoryNamed(repo, "repo", engine);
  const name = repositoryNameOf(relativePath);
  return refOfFullName(name, engine)?.relativePath === relativePath ? name : repo;
}

const oidOf = ({ json }: Told): string => json["oid"] as string;

/** Commits, files and trees are always from a repository. */
export function repoOf({ place }: Told): string {
  if (place === undefined) throw new Error("nothing says which repository this is from");
  return place.repo;
}
