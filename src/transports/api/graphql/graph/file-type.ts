import { ContentField, Type } from "../../../../contract/fields.ts";
import { jsonCodec } from "../../../../contract/json-codec.ts";
import type { GraphqlContext } from "../graphql-context.ts";
import type { NounType } from "../output-types.ts";
import { Told } from "../told.ts";
import type { TypeNames } from "../type-names.ts";
import { historyOf, repoOf } from "./commit-type.ts";
import { type ConnectionArguments, costOfConnection } from "./forward-page.ts";
import { idOf, nodeOf, partsOfId } from "./graph-ids.ts";
import { BLOB_BYTES_MAX, type LoadedBlob, jsonOfPath, type PathKey, pathOfJson } from "./graph-loaders.ts";
import type { GraphParts } from "./graph-parts.ts";
import type { TreeType } from "./tree-type.ts";

const contentCodec = jsonCodec(Type.Object({ content: ContentField("What is in the file") }), "camel");

/** Entries of folders: nodes with what is in them, and the commits that changed them. */
export function fileType(parts: GraphParts, tree: TreeType, names: TypeNames): NounType {
  const blob = blobType(parts, names);
  return (name, description, fields) => {
    const ref = parts.builder.objectRef<Told>(name);
    parts.builder.node(ref, {
      ...(description !== undefined && { description }),
      id: { resolve: (file) => idOf(...idParts(file)) },
      loadOne: (id: string, context) =>
        nodeOf(async () => {
          const [repo, rev, path] = partsOfId(id, 3) as [string, string, string];
          const key = { repo, rev: fromPercents(rev), path: Buffer.from(path, "base64url").toString("latin1") };
          const json = await context.loaders().entries.load(key);
          return json === null ? null : new Told(json, { repo, rev: jsonOfPath(key.rev) });
        }),
      fields: (t) => ({
        ...fields(t),
        name: t.field({
          description: "The last part of its path",
          type: "Bytes",
          nullable: false,
          resolve: ({ json: { path } }) =>
            typeof path === "string" ? lastPart(path) : jsonOfPath(lastPart(pathOfJson(path))),
        }),
        size: t.field({
          description: "Length of a file in bytes; null for what is none",
          type: "Long",
          resolve: ({ json, place }, _args, context) =>
            json["type"] === "blob" && place !== undefined
              ? context.loaders().sizes.load({ repo: place.repo, oid: json["oid"] as string })
              : null,
        }),
        lastCommit: t.field({
          description: "The commit that changed it last",
          type: parts.noun("Commit"),
          complexity: 5,
          resolve: async (file, _args, context) => {
            const json = await context.loaders().lastCommits.load(keyOf(file));
            return json === null ? null : new Told(json, { repo: repoOf(file) });
          },
        }),
        blob: t.field({
          description: "What is in a file; null for what is none",
          type: blob,
          complexity: 5,
          resolve: (file, _args, context) =>
            file.json["type"] === "blob" ? context.loaders().blobs.load(keyOf(file)) : null,
        }),
        tree: t.field({
          description: "What is in a folder; null for what is none",
          type: tree.ref,
          complexity: 5,
          resolve: ({ json, place }) =>
            json["type"] === "tree" && place !== undefined
              ? { repo: place.repo, rev: place.rev ?? "HEAD", path: json["path"], oid: json["oid"] as string }
              : null,
        }),
        history: t.connection({
          description: "The commits that changed it, the newest first",
          type: parts.noun("Commit"),
          nullable: true,
          // Each is a walk of its own.
          complexity: (args: ConnectionArguments) => ({ ...costOfConnection(args), field: 100 }),
          resolve: (file, args, context) => historyOfFile(parts, file, args, context),
        }),
      }),
    });
    return ref;
  };
}

/** Goes on from the commit that the revision means now: it may be a branch. */
async function historyOfFile(parts: GraphParts, file: Told, args: ConnectionArguments, context: GraphqlContext) {
  const { repo, rev } = keyOf(file);
  const tip = await context.loaders().revisions.load({ repo, rev });
  return tip === null
    ? null
    : await historyOf(parts, { repo, rev: tip["oid"] as string }, file.json["path"], args, context);
}

function keyOf({ json, place }: Told): PathKey {
  if (place === undefined) throw new Error("nothing says which repository this file is from");
  return { repo: place.repo, rev: pathOfJson(place.rev ?? "HEAD"), path: pathOfJson(json["path"]) };
}

function idParts(file: Told): string[] {
  const { repo, rev, path } = keyOf(file);
  return [repo, toPercents(rev), Buffer.from(path, "latin1").toString("base64url")];
}

const lastPart = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** Bytes as they stand in addresses; `encodeURIComponent` knows UTF-8 alone. */
const toPercents = (bytes: string): string =>
  bytes.replaceAll(/[^\w.~-]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, "0").toUpperCase()}`);

const fromPercents = (text: string): string =>
  text.replaceAll(/%([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));

function blobType({ builder }: GraphParts, names: TypeNames) {
  return builder.objectRef<LoadedBlob>(names.take("Blob")).implement({
    description: "The content of a file",
    fields: (t) => ({
      oid: t.exposeString("oid", { nullable: false, description: "Id of the blob" }),
      size: t.field({ type: "Long", nullable: false, description: "Length in bytes", resolve: ({ size }) => size }),
      content: t.string({
        description: `What is in the file; null for one of more than ${BLOB_BYTES_MAX} bytes`,
        resolve: (blob) => contentOf(blob)?.content ?? null,
      }),
      encoding: t.string({
        description: "How content says the bytes: utf-8 or base64",
        resolve: (blob) => contentOf(blob)?.encoding ?? null,
      }),
    }),
  });
}

function contentOf({ content }: LoadedBlob) {
  if (content === undefined) return undefined;
  return contentCodec.encode({ content }) as { readonly content: string; readonly encoding: string };
}
