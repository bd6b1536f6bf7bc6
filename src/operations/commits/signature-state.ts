import type { Context } from "../../contract/context.ts";
import { Maybe, type Static, Type } from "../../contract/fields.ts";
import { type Commit, parseCommit } from "../../domain/commit.ts";
import { signatureIn } from "../../domain/commit-signature.ts";

const literals = <const T extends string>(...words: readonly T[]) => words.map((word) => Type.Literal(word));

/** What is to be thought of a commit's signature. */
export const SignatureStateField = Type.Object(
  {
    kind: Type.Union(literals("none", "ssh", "pgp", "x509"), {
      description: "Kind of the signature; none: there is none",
    }),
    state: Type.Union(literals("none", "good", "bad", "unknown_key"), {
      description:
        "good: by the server's key, or an SSH key of the account with the committer's address; bad: by such a key, but not of this commit; unknown_key: by any other",
    }),
    key: Maybe(Type.String({ description: "Fingerprint or id of the key that the signature names" })),
    signer: Maybe(Type.String({ description: "Of a good signature: name of the account, or server" })),
  },
  { additionalProperties: false, title: "CommitSignature", description: "The commit's signature" },
);

/** Verifies a commit's signature with the keys that the server knows. */
export async function signatureState(
  { repository, signing }: Pick<Context, "repository" | "signing">,
  { oid, signatureType }: Commit,
): Promise<Static<typeof SignatureStateField>> {
  if (signatureType === "none") return { kind: "none", state: "none" };
  const object = await repository.git.objects.read(repository.view, oid);
  // One for the other object format says nothing about this commit.
  const found = object && signatureIn(object.content, repository.objectFormat);
  if (object === undefined || found === undefined) return { kind: signatureType, state: "unknown_key" };
  // As the commit itself has it: anybody who writes may put names into a mailmap.
  const committerEmail = Buffer.from(parseCommit(oid, object.content).committer.email).toString("utf8");
  return { kind: signatureType, ...(await signing.verify({ ...found, committerEmail })) };
}
