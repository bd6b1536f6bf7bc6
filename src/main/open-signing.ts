import { readFileSync, statSync } from "node:fs";
import type { Config } from "../config.ts";
import type { Identity } from "../contract/identity.ts";
import type { Signing } from "../contract/signing.ts";
import { CommitSigning } from "../signing/commit-signing.ts";
import { readOpenpgpSigningKey } from "../signing/openpgp-signing-key.ts";
import type { PrivateSigningKey } from "../signing/private-signing-key.ts";
import { readSshSigningKey } from "../signing/ssh-signing-key.ts";

/** Bits of a mode that let others than the owner at the file. */
const OTHERS = 0o077;

/** Signatures with the configured key. Throws an Error that says what is wrong with the key's file. */
export async function openSigning({ signingKey, signCommits }: Config, { keys }: Identity): Promise<Signing> {
  if (signCommits === "all" && signingKey === undefined)
    throw new Error("sign_commits: all commits cannot be signed without a signing_key");
  return new CommitSigning({
    privateKey: signingKey === undefined ? undefined : await readPrivateKey(signingKey),
    signsAll: signCommits === "all",
    userOf: (fingerprint) => keys.userOf(fingerprint),
  });
}

async function readPrivateKey(path: string): Promise<PrivateSigningKey> {
  try {
    if ((statSync(path).mode & OTHERS) !== 0) throw new Error("others may read it; its mode has to be 0600");
    const text = readFileSync(path, "utf8");
    return text.includes("-----BEGIN PGP") ? await readOpenpgpSigningKey(text) : readSshSigningKey(text);
  } catch (cause) {
    throw new Error(`signing_key: ${path} cannot be used: ${(cause as Error).message}`, { cause });
  }
}
