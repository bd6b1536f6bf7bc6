import { describe, expect, test } from "bun:test";
import { principalOf } from "../../../src/transports/http/credentials.ts";
import { authenticatorOf } from "../../support/authenticators.ts";
import { failureOf } from "../../support/failure-of.ts";

const ALICE = { kind: "user", name: "alice", user: { id: 1, isAdmin: false } } as const;
const AUTHENTICATOR = authenticatorOf({ "hft_good:token": ALICE });
const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;

describe("principalOf", () => {
  test("takes a token as bearer, and as the password of anybody", async () => {
    const headers = [
      "Bearer hft_good:token",
      "bearer  hft_good:token",
      basic("alice:hft_good:token"),
      basic(":hft_good:token"),
    ];
    for (const header of headers) expect(await principalOf(header, AUTHENTICATOR)).toEqual(ALICE);
    expect((await principalOf(null, AUTHENTICATOR)).kind).toBe("anonymous");
  });

  test("refuses everything else; nobody who shows something wrong passes for somebody who shows nothing", async () => {
    const headers = [
      "",
      "Bearer",
      "Bearer wrong",
      "Bearer hft_good:token more",
      "Basic",
      basic("hft_good"),
      basic("alice:"),
      basic("hft_good:token:"),
      "Basic %%%",
      "Digest username=alice",
      "Negotiate abc",
      "hft_good:token",
    ];
    for (const header of headers)
      expect(await failureOf(principalOf(header, AUTHENTICATOR))).toMatchObject({ reason: "unauthenticated" });
  });
});
