import { Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { OperationError } from "../../domain/errors.ts";
import { ConversationInput } from "./conversation.ts";

/** Git's upload-pack (gitprotocol-pack(5), gitprotocol-v2(5)): references and packs for a client that clones or fetches. A client that was told of a failure inside the protocol is not told again: then it throws after its last output. */
export const uploadPack = defineOperation({
  name: "uploadPack",
  summary: "Serve a fetch",
  kind: "read",
  shape: "duplex",
  access: "read",
  target: "repository",
  input: ConversationInput,
  output: Type.Uint8Array(),
  errors: ["repository_not_found", "protocol_error"],
  examples: [{ title: "Usual", input: { mode: "advertise" } }],
  // oxlint-disable-next-line require-yield
  async *run(_input, _context, _parts: AsyncIterable<Uint8Array>) {
    throw new OperationError("unimplemented", { what: "uploadPack" });
  },
});
