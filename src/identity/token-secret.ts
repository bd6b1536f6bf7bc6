import { createHash, randomBytes } from "node:crypto";

/** What our secrets begin with, so that people and scanners know them when they see them. */
export const TOKEN_PREFIX = "hft_";

const SECRET_BYTES = 32;

/** A new secret: 256 random bits. */
export function newSecret(): string {
  return TOKEN_PREFIX + randomBytes(SECRET_BYTES).toString("base64url");
}

/** What is kept of a secret. It is as long as it is random, so that a plain hash cannot be turned round. */
export function hashOfSecret(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}
