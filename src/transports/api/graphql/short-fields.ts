import type { GraphQLResolveInfo } from "graphql";
import { OperationError } from "../../../domain/errors.ts";
import type { DerivedOperation } from "../derived/derived-operation.ts";
import type { GraphqlContext } from "./graphql-context.ts";
import { calling } from "./operation-fields.ts";
import type { OutputTypes } from "./output-types.ts";
import { runOperation } from "./run-operation.ts";
import type { GraphqlBuilder } from "./schema-builder.ts";
import { isSelected } from "./selected-fields.ts";
import { Told } from "./told.ts";

/** A list that is told whole. */
const ITEMS_MAX = 10_000;

type Json = Record<string, unknown>;

/** Adds the short forms of operations: plain arguments, and what most callers ask for as the answer. Sessions are named by the header. */
export function addShortFields(
  operations: readonly DerivedOperation[],
  builder: GraphqlBuilder,
  outputs: OutputTypes,
): void {
  const byName = new Map(operations.map((each) => [each.operation.name, each]));
  const named = (name: string): DerivedOperation => byName.get(name) ?? missing(name);
  const run = async (name: string, args: Json, context: GraphqlContext, { path }: GraphQLResolveInfo) =>
    (await runOperation(named(name), args, calling(named(name), context, path.key))) as Json;

  const file = outputs.noun("File");
  const diff = outputs.noun("Diff");
  const stash = outputs.noun("Stash");
  const commit = outputs.noun("Commit");

  builder.queryFields((t) => ({
    files: t.field({
      description: "The entries of a folder",
      type: [file],
      nullable: false,
      args: {
        repo: t.arg.id({ required: true }),
        rev: t.arg.string({ required: true }),
        path: t.arg.string(),
        recursive: t.arg.boolean(),
      },
      resolve: (_root, args, context) => whole(named("listFiles"), args, context),
    }),
    diff: t.field({
      description: "What is different between two revisions, file by file",
      type: diff,
      nullable: false,
      args: {
        repo: t.arg.id({ required: true }),
        from: t.arg.string({ required: true }),
        to: t.arg.string({ required: true }),
        contextLines: t.arg.int(),
      },
      resolve: async (_root, args, context, info) => {
        const shown = (format: string) => run("showDiff", { ...args, format }, context, info);
        // The whole text and the hunks of each file are two forms of the same.
        const patch = isSelected(info, "patch") ? await shown("patch") : undefined;
        const json = patch === undefined || isSelected(info, "files", "hunks") ? await shown("json") : undefined;
        return new Told(
          { ...json, ...patch, ...(json !== undefined && { files: json["files"] }) },
          { repo: args.repo },
        );
      },
    }),
    stashes: t.field({
      description: "The stashes of a session, the newest first",
      type: [stash],
      nullable: false,
      args: { repo: t.arg.id({ required: true }) },
      resolve: (_root, args, context) => whole(named("listStashes"), args, context),
    }),
  }));

  builder.mutationFields((t) => ({
    stage: t.field({
      description: "Stages a file or folder, or what a patch does to it",
      type: "Boolean",
      nullable: false,
      args: {
        repo: t.arg.id({ required: true }),
        path: t.arg.string({ required: true }),
        patch: t.arg.string(),
      },
      resolve: async (_root, args, context, info) => {
        await run("stage", args, context, info);
        return true;
      },
    }),
    stashSave: t.field({
      description: "Puts the changes of a session away",
      type: stash,
      nullable: false,
      args: {
        repo: t.arg.id({ required: true }),
        message: t.arg.string(),
        includeUntracked: t.arg.boolean(),
      },
      resolve: async (_root, args, context, info) =>
        new Told(await run("saveStash", args, context, info), { repo: args.repo }),
    }),
    revertCommit: t.field({
      description: "Takes a commit back on the default branch by a new one, which it gives",
      type: commit,
      nullable: false,
      args: { repo: t.arg.id({ required: true }), sha: t.arg.string({ required: true }) },
      resolve: async (_root, args, context, info) => {
        const { commit: rev } = await run("revertCommit", args, context, info);
        const shown = await run("showCommit", { repo: args.repo, rev }, context, info);
        return new Told(shown["commit"] as Json, { repo: args.repo });
      },
    }),
  }));
}

/** All items of a list that is given in pages. Throws `unsupported` for one of too many. */
async function whole(derived: DerivedOperation, args: Json, context: GraphqlContext): Promise<Told[]> {
  const repo = args["repo"] as string;
  const place = { repo, ...(typeof args["rev"] === "string" && { rev: args["rev"] }) };
  const items: Told[] = [];
  let cursor: unknown;
  do {
    const page = (await runOperation(derived, { ...args, cursor }, context)) as { items: Json[]; nextCursor: unknown };
    if (items.length + page.items.length > ITEMS_MAX) {
      const what = `a list of more than ${ITEMS_MAX} items in one answer; ${derived.operation.name} gives it in pages`;
      throw new OperationError("unsupported", { what });
    }
    items.push(...page.items.map((json) => new Told(json, place)));
    cursor = page.nextCursor;
  } while (cursor !== null);
  return items;
}

function missing(name: string): never {
  throw new Error(`the short fields need the operation ${name}`);
}
