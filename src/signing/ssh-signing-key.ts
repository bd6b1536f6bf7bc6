import { createPrivateKey } from "node:crypto";
import ssh2 from "ssh2";
import { parseSshKey } from "../domain/ssh-key.ts";
import { signSsh } from "../domain/ssh-signature.ts";
import type { PrivateSigningKey } from "./private-signing-key.ts";

/** What git signs commits for; a signature for anything else is not taken. */
export const GIT_NAMESPACE = "git";

/** Reads a private key as ssh-keygen writes it, without a passphrase. Throws an Error that says what is wrong with it. */
export function readSshSigningKey(text: string): PrivateSigningKey {
  const parsed = ssh2.utils.parseKey(text);
  if (parsed instanceof Error) throw new Error(parsed.message, { cause: parsed });
  const line = `${parsed.type} ${parsed.getPublicSSH().toString("base64")}`;
  const { blob, fingerprint } = parseSshKey(line);
  const key = createPrivateKey(parsed.getPrivatePEM());
  return {
    key: { kind: "ssh", fingerprint, publicKey: line },
    sign: async (payload) => signSsh(payload, GIT_NAMESPACE, key, blob),
    // Signatures of SSH carry their key; whoever asks compares fingerprints.
    verify: async () => undefined,
  };
}
