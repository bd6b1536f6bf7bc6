import type { PrivateSigningKey } from "./private-signing-key.ts";

/** Loaded by servers that have to do with OpenPGP: the library is large. */
const library = () => import("openpgp");

/** Reads an armoured private key without a passphrase. Rejects with an Error that says what is wrong with it. */
export async function readOpenpgpSigningKey(text: string): Promise<PrivateSigningKey> {
  const { createMessage, readPrivateKey, readSignature, sign, verify } = await library();
  const privateKey = await readPrivateKey({ armoredKey: text });
  if (!privateKey.isDecrypted()) throw new Error("it has a passphrase");
  // Throws for a key that may not sign, has ended or was revoked.
  await privateKey.getSigningKey();
  const publicKey = privateKey.toPublic();
  const keyIds = new Set(publicKey.getKeyIDs().map((id) => id.toHex()));
  return {
    key: {
      kind: "openpgp",
      fingerprint: publicKey.getFingerprint().toUpperCase(),
      publicKey: publicKey.armor().replaceAll("\r\n", "\n"),
    },
    async sign(payload) {
      const message = await createMessage({ binary: payload });
      const signature = await sign({ message, signingKeys: privateKey, detached: true });
      return `${String(signature).replaceAll("\r\n", "\n").trimEnd()}\n`;
    },
    async verify(payload, armour) {
      const signature = await readSignature({ armoredSignature: armour });
      if (!signature.getSigningKeyIDs().some((id) => keyIds.has(id.toHex()))) return undefined;
      const message = await createMessage({ binary: payload });
      try {
        const { signatures } = await verify({ message, signature, verificationKeys: publicKey });
        const verified = await Promise.all(signatures.map((each) => each.verified));
        return verified.length > 0;
      } catch {
        // It says why; that it is not good is enough.
        return false;
      }
    },
  };
}

/** Ids of the keys that an armoured signature names; none for what is no signature. */
export async function openpgpKeyIds(armour: string): Promise<readonly string[]> {
  const { readSignature } = await library();
  try {
    const signature = await readSignature({ armoredSignature: armour });
    return signature.getSigningKeyIDs().map((id) => id.toHex().toUpperCase());
  } catch {
    return [];
  }
}
