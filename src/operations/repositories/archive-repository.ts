import { Maybe, RepositoryField, Type } from "../../contract/fields.ts";
import { PathField, RevField } from "../../contract/management-nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import { decodeUtf8 } from "../../domain/bytes.ts";
import { strictPath } from "../files/strict-path.ts";
import { resolveTreeish } from "../diffs/resolve-treeish.ts";

const TYPES = { tar: "application/x-tar", "tar.gz": "application/gzip", zip: "application/zip" } as const;

type Format = keyof typeof TYPES;

/** Makes an archive of the files at a revision, as `git archive`. */
export const archiveRepository = defineOperation({
  name: "archiveRepository",
  summary: "Download an archive",
  kind: "read",
  shape: "download",
  access: "read",
  target: "repository",
  input: Type.Object(
    {
      repository: RepositoryField,
      rev: Maybe(RevField("Revision; the default branch when absent")),
      format: Maybe(
        Type.Union([Type.Literal("tar"), Type.Literal("tar.gz"), Type.Literal("zip")], {
          description: "tar.gz when absent",
        }),
      ),
      prefix: Maybe(PathField("Folder in the archive that everything is put into; none when absent")),
      path: Maybe(PathField("Only this file or folder")),
    },
    { additionalProperties: false },
  ),
  output: Type.Uint8Array(),
  errors: ["revision_not_found", "invalid_path", "path_not_found"],
  examples: [{ title: "All of main", input: { rev: "main", format: "tar" } }],
  tool: { advice: "The archive's bytes in parts, base64; to read files use get_blob." },
  route: {
    method: "GET",
    path: "/repos/:repo/archive",
    content: {
      type: ({ format = "tar.gz" }: { format?: Format }) => TYPES[format],
      filename: ({ rev = "HEAD", format = "tar.gz" }: { rev?: string; format?: Format }) =>
        `${decodeUtf8(rev).replaceAll("/", "-")}.${format}`,
    },
  },
  async *run({ rev = "HEAD", format = "tar.gz", prefix, path }, { repository }) {
    const treeish = await resolveTreeish(repository, rev, "rev");
    yield* repository.git.pack.archive(repository.view, treeish, {
      format,
      prefix: prefix === undefined ? "" : `${strictPath(prefix.replace(/\/$/, ""))}/`,
      ...(path !== undefined && path !== "" && { paths: [strictPath(path)] }),
    });
  },
});
