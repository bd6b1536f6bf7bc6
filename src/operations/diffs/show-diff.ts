import type { OpenRepository } from "../../contract/context.ts";
import { BytesField, Maybe, OidField, RepositoryField, type Static, Type } from "../../contract/fields.ts";
import { formatMode, PathField, RevField } from "../../contract/management-nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import type { FilePatch } from "../../domain/diff.ts";
import type { GitPath } from "../../domain/git-object.ts";
import { literalPathspec } from "../../domain/literal-pathspec.ts";
import { formatPatch } from "../../domain/format-patch.ts";
import { OperationError } from "../../domain/errors.ts";
import { isFullOid, type Oid } from "../../domain/oid.ts";
import { strictPath } from "../files/strict-path.ts";
import { countLines } from "./count-lines.ts";
import { resolveTreeish } from "./resolve-treeish.ts";

const PATHS_MAX = 1000;

/** Percent. */
export const RENAME_THRESHOLD = 50;

export const diffOptions = {
  paths: Maybe(Type.Array(PathField("Only this file or folder"), { maxItems: PATHS_MAX })),
  contextLines: Maybe(
    Type.Integer({ minimum: 0, maximum: 10_000, description: "Lines round a change; 3 when absent" }),
  ),
  renameThreshold: Maybe(
    Type.Integer({
      minimum: 1,
      maximum: 100,
      description: "Least similarity that makes a rename, percent; 50 when absent",
    }),
  ),
  whitespace: Maybe(
    Type.Union([Type.Literal("keep"), Type.Literal("ignore-change"), Type.Literal("ignore-all")], {
      description: "White space to leave out of account; keep when absent",
    }),
  ),
};

export const FormatField = Maybe(
  Type.Union([Type.Literal("patch"), Type.Literal("json"), Type.Literal("stat")], {
    description: "patch: the text that git diff prints; json: file by file; stat: counts alone. json when absent",
  }),
);

const FileDiff = Type.Object(
  {
    status: Type.Union([
      Type.Literal("added"),
      Type.Literal("modified"),
      Type.Literal("deleted"),
      Type.Literal("type-changed"),
      Type.Literal("renamed"),
      Type.Literal("copied"),
    ]),
    path: PathField("Path after the change; of a deleted file the path it had"),
    oldPath: Maybe(PathField("Path before a rename or copy")),
    oldMode: Maybe(Type.String({ description: "As git prints it; absent for a new file" })),
    newMode: Maybe(Type.String({ description: "As git prints it; absent for a deleted file" })),
    oldOid: Maybe(OidField("Blob before; absent for a new file")),
    newOid: Maybe(OidField("Blob after; absent for a deleted file")),
    similarity: Maybe(Type.Integer({ description: "Of a rename or copy, percent" })),
    binary: Type.Boolean(),
    additions: Type.Integer(),
    deletions: Type.Integer(),
    hunks: Maybe(BytesField("Patch text from the first @@ on; absent where only counts are asked for")),
  },
  { additionalProperties: false, title: "FileDiff" },
);

export const Diff = Type.Object(
  {
    id: Type.String({ description: "Gives the same diff again, in any format" }),
    etag: Type.String({ description: "SHA-256 of the patch" }),
    files: Type.Array(FileDiff),
    additions: Type.Integer({ description: "Lines added in all" }),
    deletions: Type.Integer({ description: "Lines removed in all" }),
    patch: Maybe(BytesField("What git diff prints; only where that is asked for")),
  },
  { additionalProperties: false, title: "Diff" },
);

/** What a diff is of: its id says all of it. */
export interface DiffRequest {
  readonly from: Oid;
  readonly to: Oid;
  readonly paths?: readonly string[];
  readonly contextLines?: number;
  readonly renameThreshold?: number;
  readonly whitespace?: "keep" | "ignore-change" | "ignore-all";
}

export type DiffFormat = "patch" | "json" | "stat";

/** Shows what is different between two revisions. */
export const showDiff = defineOperation({
  name: "showDiff",
  summary: "Show a diff",
  kind: "read",
  shape: "call",
  access: "read",
  target: "repository",
  input: Type.Object(
    {
      repository: RepositoryField,
      from: RevField("The side before: a commit or a tree"),
      to: RevField("The side after"),
      format: FormatField,
      ...diffOptions,
    },
    { additionalProperties: false },
  ),
  output: Diff,
  errors: ["revision_not_found", "invalid_path", "too_large"],
  examples: [{ title: "The last commit", input: { from: "main~1", to: "main" } }],
  tool: {
    isDefault: true,
    advice:
      "From one revision to another. format: stat tells counts alone, json file by file, patch the text. Narrow it with paths.",
  },
  route: {
    method: "GET",
    path: "/repos/:repo/diff",
    etag: "etag",
    content: { field: "patch", type: () => "text/x-diff" },
    isImmutable: ({ from, to }: { from: string; to: string }) => isFullOid(from) && isFullOid(to),
  },
  async run({ repository: _, format = "json", paths, ...input }, { repository, limits }) {
    const [from, to] = await repository.consistently(() =>
      Promise.all([resolveTreeish(repository, input.from, "from"), resolveTreeish(repository, input.to, "to")]),
    );
    const request = { ...input, ...pathsOf(paths), from, to };
    return makeDiff(repository, request, format, limits.answerBytesMax);
  },
});

/** What a diff is limited to, if anything. Throws `invalid_path`. */
export function pathsOf(paths: readonly GitPath[] | undefined): { readonly paths?: GitPath[] } {
  if (paths === undefined) return {};
  // A slash at the end says that it is a folder.
  return { paths: paths.map((path) => strictPath(path.replace(/\/$/, ""))) };
}

/** Makes a diff. Throws `too_large` for a patch over the limit. */
export async function makeDiff(
  { git, view }: OpenRepository,
  request: DiffRequest,
  format: DiffFormat,
  bytesMax: number,
): Promise<Static<typeof Diff>> {
  const { from, to, renameThreshold = RENAME_THRESHOLD, paths, ...options } = request;
  const only = paths === undefined ? {} : { paths: paths.map(literalPathspec) };
  const patches = git.diff.patches(view, { ...options, ...only, left: from, right: to, renameThreshold });
  const id = Buffer.from(JSON.stringify(request)).toString("base64url");
  return { id, ...(await collectDiff(patches, format, bytesMax)) };
}

/** A diff with its patches stands in memory, and as text again in the answer. */
const PATCHES_BYTES_MAX = 64 * 1024 * 1024;

/** Makes a diff of the files' patches. Throws `too_large` for a patch over the limit; counts alone have a wider one. */
export async function collectDiff(
  patches: AsyncIterable<FilePatch>,
  format: DiffFormat,
  bytesMax: number,
): Promise<Omit<Static<typeof Diff>, "id">> {
  const files: Static<typeof FileDiff>[] = [];
  const texts: Uint8Array[] = [];
  const hash = new Bun.CryptoHasher("sha256");
  const limitBytes = format === "stat" ? bytesMax : Math.min(bytesMax, PATCHES_BYTES_MAX);
  let sizeBytes = 0;
  for await (const patch of patches) {
    const text = formatPatch(patch);
    sizeBytes += text.length;
    if (sizeBytes > limitBytes) throw new OperationError("too_large", { what: "diff", sizeBytes, limitBytes });
    hash.update(text);
    if (format === "patch") texts.push(text);
    files.push(fileOf(patch, format === "json"));
  }
  return {
    etag: hash.digest("hex"),
    files,
    additions: files.reduce((sum, { additions }) => sum + additions, 0),
    deletions: files.reduce((sum, { deletions }) => sum + deletions, 0),
    ...(format === "patch" && { patch: Buffer.concat(texts) }),
  };
}

function fileOf(file: FilePatch, withHunks: boolean): Static<typeof FileDiff> {
  const { status, oldPath, newPath, oldMode, newMode, oldOid, newOid, score, binary, patch } = file;
  const moved = status === "renamed" || status === "copied";
  return {
    status,
    path: newPath,
    ...(moved && { oldPath, similarity: score }),
    ...(status !== "added" && { oldMode: formatMode(oldMode), oldOid }),
    ...(status !== "deleted" && { newMode: formatMode(newMode), newOid }),
    binary,
    ...(binary ? { additions: 0, deletions: 0 } : countLines(patch)),
    ...(withHunks && { hunks: patch }),
  };
}
