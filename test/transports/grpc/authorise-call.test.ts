import { describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { callAuthoriser } from "../../../src/transports/api/grpc/authorise-call.ts";
import { StatusCode } from "../../../src/transports/api/grpc/status-code.ts";

const NOW_S = 1_700_000_000;

function token(secret: string, seconds = NOW_S, version = "v2"): string {
  return `Bearer ${version}.${createHmac("sha256", secret).update(String(seconds)).digest("hex")}.${seconds}`;
}

function outcome(
  authorization: string | undefined,
  secrets = { current: "new secret", previous: "old.secret" },
): string {
  const authorise = callAuthoriser(secrets, () => NOW_S * 1000);
  const error = authorise?.((name) => (name === "authorization" ? authorization : undefined));
  if (error === undefined) return "ok";
  return error.code === StatusCode.UNAUTHENTICATED ? `unauthenticated: ${error.message}` : `denied: ${error.message}`;
}

const UNAUTHENTICATED = "unauthenticated: authentication required";
const DENIED = "denied: permission denied";

describe("callAuthoriser", () => {
  test("no secret configured: no check", () => {
    expect(callAuthoriser(undefined, Date.now)).toBeUndefined();
    expect(callAuthoriser({ current: "" }, Date.now)).toBeUndefined();
  });

  test("tokens by the current and the previous secret, within 30 s", () => {
    expect(outcome(token("new secret"))).toBe("ok");
    expect(outcome(token("old.secret"))).toBe("ok");
    expect(outcome(token("new secret").replace("Bearer", "bearer"))).toBe("ok");
    expect(outcome(token("new secret", NOW_S - 30))).toBe("ok");
    expect(outcome(token("new secret", NOW_S + 30))).toBe("ok");
  });

  test("the bare secrets", () => {
    expect(outcome("Bearer new secret")).toBe("ok");
    expect(outcome("Bearer old.secret")).toBe("ok");
    expect(outcome("Bearer v2.abc.123", { current: "v2.abc.123", previous: "" })).toBe("ok");
  });

  test("nothing, another scheme, no token, or a malformed one", () => {
    for (const header of [
      undefined,
      "",
      "Basic eDp5",
      "Bearer",
      "Bearer ",
      "Bearer v2.abc",
      `Bearer v2.xyz.${NOW_S}`,
      "Bearer wrong",
      `${token("new secret")}.x`,
    ]) {
      expect(outcome(header)).toBe(UNAUTHENTICATED);
    }
  });

  test("wrong secret, time or version", () => {
    expect(outcome(token("another"))).toBe(DENIED);
    expect(outcome(token("new secret", NOW_S - 31))).toBe(DENIED);
    expect(outcome(token("new secret", NOW_S + 31))).toBe(DENIED);
    expect(outcome(token("new secret", NOW_S, "v1"))).toBe(DENIED);
    expect(outcome(token("new secret").replace(/.\.(\d+)$/, ".$1"))).toBe(DENIED);
    expect(outcome(token("new secret", NOW_S - 100).replace(String(NOW_S - 100), String(NOW_S)))).toBe(DENIED);
  });

  test("an empty previous secret admits nobody", () => {
    expect(outcome("Bearer ", { current: "x", previous: "" })).toBe(UNAUTHENTICATED);
    expect(outcome(token(""), { current: "x", previous: "" })).toBe(DENIED);
  });
});
