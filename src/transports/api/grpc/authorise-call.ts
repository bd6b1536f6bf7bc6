import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { StatusCode } from "./status-code.ts";
import { GrpcStatusError } from "./status-error.ts";

/** How far the time of a token may be from ours. */
const TOKEN_SKEW_MAX_S = 30;

/** Shared secrets of the Gitaly protocol: the previous one is still accepted while clients change over. */
export interface SharedSecrets {
  readonly current: string;
  readonly previous?: string;
}

/** Refuses a call by its metadata, or lets it pass. */
export type CallAuthoriser = (metadata: (name: string) => string | undefined) => GrpcStatusError | undefined;

type Verdict = "admitted" | "unauthenticated" | "denied";

/**
 * Makes the check of a call's `authorization`: a token of version 2 (`Bearer v2.<hex HMAC-SHA256(secret, time)>.<unix time>`, as
 * in Gitaly's auth/token.go), or a secret itself. Without secrets there is no check; who starts the server guarantees then that
 * it listens on loopback.
 */
export function callAuthoriser(secrets: SharedSecrets | undefined, nowMs: () => number): CallAuthoriser | undefined {
  if (secrets === undefined || secrets.current === "") return undefined;
  const accepted = [secrets.current, secrets.previous ?? ""].filter((secret) => secret !== "");
  const check = new TokenCheck(accepted);
  return (metadata) => {
    const verdict = check.verdict(metadata("authorization"), nowMs() / 1000);
    switch (verdict) {
      case "admitted":
        return undefined;
      case "unauthenticated":
        return new GrpcStatusError(StatusCode.UNAUTHENTICATED, "authentication required");
      case "denied":
        return new GrpcStatusError(StatusCode.PERMISSION_DENIED, "permission denied");
    }
  };
}

class TokenCheck {
  readonly #secrets: readonly string[];
  readonly #digests: readonly Buffer[];

  constructor(secrets: readonly string[]) {
    this.#secrets = secrets;
    this.#digests = secrets.map(digest);
  }

  verdict(authorization: string | undefined, nowS: number): Verdict {
    const [, token] = /^bearer (.+)$/is.exec(authorization ?? "") ?? [];
    if (token === undefined) return "unauthenticated";
    const parts = /^([^.]*)\.([0-9a-f]*)\.(-?\d+)$/i.exec(token);
    const [, version, signature, time] = parts ?? [];
    const signed =
      version === "v2" && signature !== undefined && time !== undefined && this.#isSignature(signature, time, nowS);
    // The bare secret last: it is the rarer form, and may look like anything.
    if (signed || this.#isSecret(token)) return "admitted";
    return parts === null ? "unauthenticated" : "denied";
  }

  #isSignature(signature: string, time: string, nowS: number): boolean {
    const given = Buffer.from(signature, "hex");
    let matches = false;
    for (const secret of this.#secrets) {
      const expected = createHmac("sha256", secret).update(time).digest();
      if (given.byteLength === expected.byteLength && timingSafeEqual(given, expected)) matches = true;
    }
    return matches && Math.abs(nowS - Number(time)) <= TOKEN_SKEW_MAX_S;
  }

  /** Digests have one length, so that not even the secret's length shows in the time taken. */
  #isSecret(token: string): boolean {
    const given = digest(token);
    let matches = false;
    for (const expected of this.#digests) if (timingSafeEqual(given, expected)) matches = true;
    return matches;
  }
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
