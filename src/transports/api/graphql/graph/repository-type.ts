import type { ObjectRef } from "@pothos/core";
import { encodeCursor } from "../../../../contract/page.ts";
import { OperationError } from "../../../../domain/errors.ts";
import { REFS_HEADS } from "../../../../domain/reference.ts";
import type { GraphqlContext } from "../graphql-context.ts";
import type { NounType } from "../output-types.ts";
import type { GraphqlSchemaTypes } from "../schema-builder.ts";
import { Told } from "../told.ts";
import type { TypeNames } from "../type-names.ts";
import { commitOf, repositoryOf } from "./commit-type.ts";
import { type ConnectionArguments, costOfConnection, firstOf, pageOf } from "./forward-page.ts";
import { idOf, nodeOf, partsOfId } from "./graph-ids.ts";
import { jsonOfPath, pathOfJson } from "./graph-loaders.ts";
import type { GraphParts, Json } from "./graph-parts.ts";

/** Repositories: nodes with their branches and commits. */
export function repositoryType(parts: GraphParts, names: TypeNames): NounType {
  const branch = branchType(parts, names);
  return (name, description, fields) => {
    const ref = parts.builder.objectRef<Told>(name);
    parts.builder.node(ref, {
      description: description ?? "A repository",
      id: { resolve: nameOf },
      loadOne: (id: string, context) => nodeOf(() => repositoryOf(id, context)),
      fields: (t) => ({
        ...fields(t),
        details: t.field({
          description: "What is known of it besides: object format, addresses, how many references it has",
          type: parts.resultOf("showRepository"),
          complexity: 10,
          resolve: async (repository, _args, context) => {
            const repo = nameOf(repository);
            return new Told(await parts.run("showRepository", { repo }, context), { repo });
          },
        }),
        branches: t.connection({
          description: "Its branches, by name",
          type: branch,
          nullable: true,
          complexity: (args: ConnectionArguments) => costOfConnection(args),
          resolve: (repository, args, context) => branchesOf(parts, nameOf(repository), args, context),
        }),
        branch: t.field({
          description: "One of its branches",
          type: branch,
          args: { name: t.arg({ type: "Bytes", required: true, description: "Short name: main" }) },
          complexity: 10,
          resolve: (repository, { name: short }, context) => findBranch(parts, nameOf(repository), short, context),
        }),
        defaultBranch: t.field({
          description: "The branch that HEAD names; null while that is not there",
          type: branch,
          complexity: 10,
          resolve: async (repository, _args, context) => {
            const repo = nameOf(repository);
            const { head } = await context.loaders().repositories.load(repo);
            if (head === undefined || !head.startsWith(REFS_HEADS)) return null;
            return await findBranch(parts, repo, jsonOfPath(head.slice(REFS_HEADS.length)), context);
          },
        }),
        commit: t.field({
          description: "The commit that a revision leads to",
          type: parts.noun("Commit"),
          args: { rev: t.arg({ type: "Bytes", description: "The default branch when absent" }) },
          complexity: 10,
          resolve: async (repository, { rev }, context) => {
            const repo = nameOf(repository);
            const json = await context.loaders().revisions.load({ repo, rev: pathOfJson(rev ?? "HEAD") });
            return json === null ? null : new Told(json, { repo });
          },
        }),
      }),
    });
    return ref;
  };
}

/** A branch in JSON, as `browseReferences` and `getReference` tell it. */
function branchType(parts: GraphParts, names: TypeNames): ObjectRef<GraphqlSchemaTypes, Told> {
  const ref = parts.builder.objectRef<Told>(names.take("Branch"));
  parts.builder.node(ref, {
    description: "A branch",
    id: {
      resolve: ({ json, place }) =>
        idOf(place!.repo, Buffer.from(pathOfJson(json["name"]), "latin1").toString("base64url")),
    },
    loadOne: (id: string, context) =>
      nodeOf(async () => {
        const [repo, name] = partsOfId(id, 2) as [string, string];
        const full = Buffer.from(name, "base64url").toString("latin1");
        return await findBranch(parts, repo, jsonOfPath(full.slice(REFS_HEADS.length)), context);
      }),
    fields: (t) => ({
      name: t.field({
        description: "Short name",
        type: "Bytes",
        nullable: false,
        resolve: ({ json }) => jsonOfPath(pathOfJson(json["name"]).slice(REFS_HEADS.length)),
      }),
      fullName: t.field({
        type: "Bytes",
        nullable: false,
        description: "refs/heads/…",
        resolve: ({ json }) => json["name"],
      }),
      oid: t.string({
        nullable: false,
        description: "The commit it points to",
        resolve: ({ json }) => json["oid"] as string,
      }),
      commit: t.field({
        description: "The commit it points to",
        type: parts.noun("Commit"),
        complexity: 5,
        resolve: ({ json, place }, _args, context) => commitOf(place!.repo, json["oid"] as string, context),
      }),
    }),
  });
  return ref;
}

async function branchesOf(parts: GraphParts, repo: string, args: ConnectionArguments, context: GraphqlContext) {
  const first = firstOf(args);
  const hasPreviousPage = args.after !== null && args.after !== undefined;
  if (first === 0) return pageOf<Told>([], { hasNextPage: false, hasPreviousPage });
  const asked = { repo, pattern: [REFS_HEADS], limit: first, cursor: args.after };
  const page = (await parts.run("browseReferences", asked, context)) as {
    readonly items: readonly Json[];
    readonly nextCursor: string | null;
  };
  const edges = page.items.map((json) => ({
    cursor: encodeCursor({ after: pathOfJson(json["name"]) }),
    node: new Told(json, { repo }),
  }));
  return pageOf(edges, { hasNextPage: page.nextCursor !== null, hasPreviousPage });
}

/** A branch by its short name; null where there is none. */
async function findBranch(
  parts: GraphParts,
  repo: string,
  name: unknown,
  context: GraphqlContext,
): Promise<Told | null> {
  try {
    const full = jsonOfPath(REFS_HEADS + pathOfJson(name));
    return new Told(await parts.run("getReference", { repo, name: full }, context), { repo });
  } catch (error) {
    if (error instanceof OperationError && error.reason === "reference_not_found") return null;
    throw error;
  }
}

const nameOf = ({ json }: Told): string => json["fullName"] as string;
