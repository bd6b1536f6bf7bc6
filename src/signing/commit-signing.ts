import type { Signing, SignedContent, SigningKey, Verification } from "../contract/signing.ts";
import { signatureTypeOf } from "../domain/commit.ts";
import { OperationError } from "../domain/errors.ts";
import { fingerprintOf } from "../domain/ssh-key.ts";
import { parseSshSignature, verifySsh } from "../domain/ssh-signature.ts";
import { openpgpKeyIds } from "./openpgp-signing-key.ts";
import type { PrivateSigningKey } from "./private-signing-key.ts";
import { GIT_NAMESPACE } from "./ssh-signing-key.ts";

export interface CommitSigningServices {
  /** Absent: nothing is signed. */
  readonly privateKey: PrivateSigningKey | undefined;
  readonly signsAll: boolean;
  /** Whose SSH key it is; undefined for nobody's. */
  readonly userOf: (fingerprint: string) => Promise<{ readonly name: string; readonly email: string } | undefined>;
}

const SERVER = "server";
const SIGNATURE_LENGTH_MAX = 64 * 1024;

/** Signs with the server's key, and verifies with the keys that the server knows. */
export class CommitSigning implements Signing {
  readonly #services: CommitSigningServices;

  constructor(services: CommitSigningServices) {
    this.#services = services;
  }

  get key(): SigningKey | undefined {
    return this.#services.privateKey?.key;
  }

  get signsAll(): boolean {
    return this.#services.signsAll;
  }

  async sign(payload: Uint8Array): Promise<string> {
    const { privateKey } = this.#services;
    if (privateKey === undefined) throw new OperationError("signing_key_missing", {});
    return privateKey.sign(payload);
  }

  async verify(signed: SignedContent): Promise<Verification> {
    // Nobody whom we know makes one that is so long, and who reads it waits.
    if (signed.signature.length > SIGNATURE_LENGTH_MAX) return { state: "unknown_key" };
    switch (signatureTypeOf(signed.signature)) {
      case "ssh":
        return this.#verifySsh(signed);
      case "pgp":
        return this.#verifyOpenpgp(signed);
      default:
        return { state: "unknown_key" };
    }
  }

  async #verifySsh({ payload, signature, committerEmail }: SignedContent): Promise<Verification> {
    const parsed = parseSshSignature(signature);
    if (parsed === undefined) return { state: "bad" };
    const key = fingerprintOf(parsed.keyBlob);
    const signer = await this.#signerOf(key, committerEmail);
    if (signer === undefined) return { state: "unknown_key", key };
    return verifySsh(payload, GIT_NAMESPACE, parsed) ? { state: "good", key, signer } : { state: "bad", key };
  }

  /** A key speaks for its account, and for no other committer. */
  async #signerOf(fingerprint: string, committerEmail: string): Promise<string | undefined> {
    if (fingerprint === this.key?.fingerprint) return SERVER;
    const user = await this.#services.userOf(fingerprint);
    const isCommitter = user !== undefined && user.email !== "" && sameAddress(user.email, committerEmail);
    return isCommitter ? user.name : undefined;
  }

  async #verifyOpenpgp({ payload, signature }: SignedContent): Promise<Verification> {
    const { privateKey } = this.#services;
    // The library is not loaded for signatures that nobody here could have made.
    if (privateKey?.key.kind !== "openpgp") return { state: "unknown_key" };
    const [key] = await openpgpKeyIds(signature);
    if (key === undefined) return { state: "bad" };
    const isGood = await privateKey.verify(payload, signature);
    if (isGood === undefined) return { state: "unknown_key", key };
    return isGood ? { state: "good", key, signer: SERVER } : { state: "bad", key };
  }
}

const sameAddress = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
