import { createHmac } from "node:crypto";
import { Metadata } from "@grpc/grpc-js";

/** How the shared secret is shown: as it is, or as a code that is good for half a minute and does not give it away. */
export type TokenKind = "bearer" | "v2";

/** Makes the metadata of a call. */
export type CallMetadata = () => Metadata;

/** `secret` empty or undefined: nothing is shown. `nowMs` counts from 1970. */
export function callMetadata(secret: string | undefined, kind: TokenKind, nowMs: () => number): CallMetadata {
  if (secret === undefined || secret === "") return constantly(new Metadata());
  if (kind === "v2") return () => authorized(v2Token(secret, Math.floor(nowMs() / 1000)));
  return constantly(authorized(secret));
}

/** `v2.<HMAC-SHA256 of the time, hexadecimal>.<time in seconds>`, as Gitaly's servers take it. */
export function v2Token(secret: string, seconds: number): string {
  return `v2.${createHmac("sha256", secret).update(String(seconds)).digest("hex")}.${seconds}`;
}

// The channel copies what it is given, so that one will do for all calls.
function constantly(metadata: Metadata): CallMetadata {
  return () => metadata;
}

function authorized(token: string): Metadata {
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${token}`);
  return metadata;
}
