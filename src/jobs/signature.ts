import { createHmac } from "node:crypto";

/** The header by which a receiver knows that a delivery is ours: HMAC-SHA256 of the body's bytes, keyed with the hook's secret. */
export function signatureHeader(secret: string, body: string): Readonly<Record<string, string>> {
  if (secret === "") return {};
  return { "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(body, "utf8").digest("hex")}` };
}
