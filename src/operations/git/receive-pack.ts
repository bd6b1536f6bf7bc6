import { Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { OperationError } from "../../domain/errors.ts";
import { ConversationInput } from "./conversation.ts";

/** Git's receive-pack (gitprotocol-pack(5)): takes commands and a pack from a client that pushes. A repository that does not exist is made where a setting and the caller's rights allow it. */
export const receivePack = defineOperation({
  name: "receivePack",
  summary: "Serve a push",
  kind: "write",
  shape: "duplex",
  access: "write",
  target: "path",
  input: ConversationInput,
  output: Type.Uint8Array(),
  errors: ["repository_not_found", "protocol_error"],
  examples: [{ title: "Usual", input: { mode: "advertise" } }],
  // oxlint-disable-next-line require-yield
  async *run(_input, _context, _parts: AsyncIterable<Uint8Array>) {
    throw new OperationError("unimplemented", { what: "receivePack" });
  },
});
