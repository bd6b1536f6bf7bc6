import { RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { OperationError } from "../../domain/errors.ts";

/** Git's upload-archive (git-upload-archive(1)). */
export const uploadArchive = defineOperation({
  name: "uploadArchive",
  summary: "Serve an archive",
  kind: "read",
  shape: "duplex",
  access: "read",
  target: "repository",
  input: Type.Object({ repository: RepositoryField }, { additionalProperties: false }),
  output: Type.Uint8Array(),
  errors: ["repository_not_found", "protocol_error"],
  examples: [{ title: "Usual", input: {} }],
  // oxlint-disable-next-line require-yield
  async *run(_input, _context, _parts: AsyncIterable<Uint8Array>) {
    throw new OperationError("unimplemented", { what: "uploadArchive" });
  },
});
