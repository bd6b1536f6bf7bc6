import { describe, expect, test } from "bun:test";
import { signatureIn, withSignature } from "../../src/domain/commit-signature.ts";
import { parseSshSignature } from "../../src/domain/ssh-signature.ts";

const CONTENT = "tree t\nauthor a\ncommitter c\nencoding ISO-8859-1\n\nsubject\n\n gpgsig not a header\n\xff";
const SIGNATURE = "-----BEGIN SSH SIGNATURE-----\nU1NI\n-----END SSH SIGNATURE-----\n";
const bytes = (text: string) => Buffer.from(text, "latin1");

describe("a commit's signature", () => {
  test("is the last header, and comes out as it went in", () => {
    for (const format of ["sha1", "sha256"] as const) {
      const signed = withSignature(bytes(CONTENT), SIGNATURE, format);
      const name = format === "sha1" ? "gpgsig" : "gpgsig-sha256";
      expect(Buffer.from(signed).toString("latin1")).toContain(
        `\nencoding ISO-8859-1\n${name} -----BEGIN SSH SIGNATURE-----\n U1NI\n -----END SSH SIGNATURE-----\n\nsubject`,
      );
      expect(signatureIn(signed, format)).toEqual({ payload: bytes(CONTENT), signature: SIGNATURE });
    }
  });

  test("for another object format is none, and not part of what this one was made over", () => {
    const other = withSignature(bytes(CONTENT), SIGNATURE, "sha256");
    expect(signatureIn(other, "sha1")).toBeUndefined();
    const both = withSignature(other, SIGNATURE, "sha1");
    expect(signatureIn(both, "sha1")).toEqual({ payload: bytes(CONTENT), signature: SIGNATURE });
  });

  test("is not looked for in the message", () => {
    expect(signatureIn(bytes(`tree t\n\ngpgsig ${SIGNATURE}`), "sha1")).toBeUndefined();
    expect(signatureIn(bytes(CONTENT), "sha1")).toBeUndefined();
  });
});

describe("an SSH signature", () => {
  test("that is cut off or of something else is none", () => {
    for (const armour of [
      "",
      SIGNATURE,
      SIGNATURE.replace("U1NI", "U1NIU0lHAAAAAQAAAP8="),
      "-----BEGIN PGP SIGNATURE-----",
    ])
      expect(parseSshSignature(armour)).toBeUndefined();
  });
});
