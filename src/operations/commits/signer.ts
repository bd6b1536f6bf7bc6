import type { Context } from "../../contract/context.ts";
import { Maybe, Type } from "../../contract/fields.ts";
import { OperationError } from "../../domain/errors.ts";

/** Makes an armoured signature of a commit's content. */
export type Signer = (content: Uint8Array) => Promise<string>;

/** What operations are told that make commits. */
export const signFields = {
  sign: Maybe(
    Type.Boolean({
      description: "Sign the commit with the server's key; otherwise only a server does so that signs all commits",
    }),
  ),
};

/** Who signs what an operation commits; undefined: nobody. Throws `signing_key_missing` where a signature is asked for in vain. */
export function signerFor({ signing }: Pick<Context, "signing">, sign: boolean | undefined): Signer | undefined {
  if (sign !== true && !signing.signsAll) return undefined;
  if (signing.key === undefined) throw new OperationError("signing_key_missing", {});
  return (content) => signing.sign(content);
}
