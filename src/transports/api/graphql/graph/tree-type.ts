import type { ObjectRef } from "@pothos/core";
import { decodeCursor, encodeCursor } from "../../../../contract/page.ts";
import { OperationError } from "../../../../domain/errors.ts";
import type { GraphqlContext } from "../graphql-context.ts";
import type { GraphqlSchemaTypes } from "../schema-builder.ts";
import { type JsonBytes, Told } from "../told.ts";
import type { TypeNames } from "../type-names.ts";
import { type ConnectionArguments, costOfConnection, firstOf, pageOf } from "./forward-page.ts";
import { pathOfJson } from "./graph-loaders.ts";
import type { GraphParts, Json } from "./graph-parts.ts";

/** A folder at a revision. */
export interface Tree {
  readonly repo: string;
  readonly rev: JsonBytes;
  /** In JSON. */
  readonly path: unknown;
  readonly oid: string;
}

interface RevisionPlace {
  readonly repo: string;
  readonly rev: JsonBytes;
}

/** The type of folders, and how one is come by. */
export interface TreeType {
  readonly ref: ObjectRef<GraphqlSchemaTypes, Tree>;
  /** The folder at a path; null where none is. */
  of(place: RevisionPlace, path: unknown, context: GraphqlContext): Promise<Tree | null>;
}

export function treeType(parts: GraphParts, names: TypeNames): TreeType {
  const ref = parts.builder.objectRef<Tree>(names.take("Tree"));
  ref.implement({
    description: "A folder at a revision",
    fields: (t) => ({
      oid: t.exposeString("oid", { nullable: false, description: "Id of the tree" }),
      path: t.field({
        type: "Bytes",
        nullable: false,
        description: "Path from the root; empty for the root",
        resolve: ({ path }) => path,
      }),
      entries: t.connection({
        description: "What is in it, in git's order",
        type: parts.noun("File"),
        nullable: true,
        args: { recursive: t.arg.boolean({ description: "What is in the folders below as well" }) },
        complexity: (args: ConnectionArguments) => costOfConnection(args),
        resolve: (tree, args, context) => entriesOf(parts, tree, args, context),
      }),
    }),
  });
  return { ref, of: treeAt };
}

async function treeAt(place: RevisionPlace, path: unknown, context: GraphqlContext): Promise<Tree | null> {
  const loaders = context.loaders();
  if (path === "") {
    const rev = pathOfJson(place.rev);
    const commit = await loaders.revisions.load({ repo: place.repo, rev });
    return commit === null ? null : { ...place, path, oid: commit["treeOid"] as string };
  }
  const entry = await loaders.entries.load({ repo: place.repo, rev: pathOfJson(place.rev), path: pathOfJson(path) });
  return entry?.["type"] === "tree" ? { ...place, path, oid: entry["oid"] as string } : null;
}

async function entriesOf(
  parts: GraphParts,
  { repo, rev, path, oid }: Tree,
  { recursive, ...args }: ConnectionArguments & { readonly recursive?: boolean | null | undefined },
  context: GraphqlContext,
) {
  const first = firstOf(args);
  const skip = args.after === null || args.after === undefined ? 0 : placeOf(args.after);
  if (first === 0) return pageOf<Told>([], { hasNextPage: false, hasPreviousPage: skip > 0 });
  // The operation's own cursor: the tree is the same wherever the revision goes meanwhile.
  const asked = { repo, rev, path, recursive, limit: first, cursor: encodeCursor({ tree: oid, skip }) };
  const page = (await parts.run("listFiles", asked, context)) as {
    readonly items: Json[];
    readonly nextCursor: unknown;
  };
  const edges = page.items.map((json, index) => ({
    cursor: encodeCursor({ skip: skip + index + 1 }),
    node: new Told(json, { repo, rev }),
  }));
  return pageOf(edges, { hasNextPage: page.nextCursor !== null, hasPreviousPage: skip > 0 });
}

function placeOf(cursor: string): number {
  const { skip } = decodeCursor(cursor, ["skip"]);
  if (!/^\d{1,9}$/.test(skip)) throw new OperationError("page_token_not_found", { token: cursor });
  return Number(skip);
}
