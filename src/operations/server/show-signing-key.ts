import { Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { OperationError } from "../../domain/errors.ts";

/** Shows the public part of the key that the server signs commits with. */
export const showSigningKey = defineOperation({
  name: "showSigningKey",
  summary: "Show the signing key",
  kind: "read",
  shape: "call",
  access: "server-read",
  target: "none",
  input: Type.Object({}, { additionalProperties: false }),
  output: Type.Object(
    {
      kind: Type.Union([Type.Literal("ssh"), Type.Literal("openpgp")]),
      fingerprint: Type.String({ description: "SHA256:… as ssh-keygen prints it, or the digits that gpg prints" }),
      publicKey: Type.String({
        description:
          "A line for gpg.ssh.allowedSignersFile behind the committer's address, or a block for gpg --import",
      }),
      signsAll: Type.Boolean({ description: "Is every commit signed that the server makes?" }),
    },
    { additionalProperties: false },
  ),
  errors: ["signing_key_missing"],
  examples: [{ title: "This server's", input: {} }],
  route: { method: "GET", path: "/signing-key" },
  async run(_input, { signing: { key, signsAll } }) {
    if (key === undefined) throw new OperationError("signing_key_missing", {});
    return { ...key, signsAll };
  },
});
