import { describe, expect, test } from "bun:test";
import { parseCommit, rawHeader } from "../../src/domain/commit.ts";
import { DATE_UNREADABLE } from "../../src/domain/identity.ts";
import { parseIdentity } from "../../src/domain/parse-identity.ts";

const OID = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
const parse = (text: string) => parseCommit(OID, Buffer.from(text, "latin1"));
const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");

describe("parseCommit", () => {
  test("reads every header, and the message byte for byte", () => {
    const commit = parse(
      `tree ${OID}\nparent ${"1".repeat(40)}\nparent ${"2".repeat(40)}\nauthor J\xe9 <j@x> 12 +0100\ncommitter C <c@x> 13 -0200\n` +
        `encoding ISO-8859-1\ngpgsig -----BEGIN SSH SIGNATURE-----\n tree not this one\n -----END SSH SIGNATURE-----\n\nsubject\n\ntree x\n`,
    );
    expect(commit).toMatchObject({
      treeOid: OID,
      parentOids: ["1".repeat(40), "2".repeat(40)],
      encoding: "ISO-8859-1",
      signatureType: "ssh",
    });
    expect([latin1(commit.author.name), commit.author.seconds, commit.author.timezone]).toEqual([
      "J\xe9",
      12n,
      "+0100",
    ]);
    expect([latin1(commit.committer.email), commit.committer.seconds]).toEqual(["c@x", 13n]);
    expect(latin1(commit.message)).toBe("subject\n\ntree x\n");
  });

  test("takes what is malformed as it is", () => {
    expect(parse("")).toMatchObject({ treeOid: "", parentOids: [], message: new Uint8Array() });
    const commit = parse(`tree ${OID}\nodd\n\nm`);
    expect(commit.author).toEqual({ name: new Uint8Array(), email: new Uint8Array(), timezone: "" });
    expect(latin1(commit.message)).toBe("m");
    expect(parse(`tree ${OID}`)).toMatchObject({ treeOid: OID });
  });
});

describe("parseIdentity", () => {
  test("fills as much as the line has", () => {
    const cases: [string, string, string, bigint | undefined, string][] = [
      ["A B <a@b> 12 +0000", "A B", "a@b", 12n, "+0000"],
      ["A  <a@b> 12 +0000", "A ", "a@b", 12n, "+0000"],
      ["<a@b>  12   +0000 ", "", "a@b", 12n, "+0000"],
      ["A <a@b> 12", "A", "a@b", 12n, ""],
      ["A <a@b>", "A", "a@b", undefined, ""],
      ["A <a@b", "A", "", undefined, ""],
      ["A", "A", "", undefined, ""],
      ["A <a@b> 12 +0000 x", "A", "a@b", 12n, ""],
      ["A <a@b> soon +0000", "A", "a@b", DATE_UNREADABLE, "+0000"],
      ["A <a@b> -1 +0000", "A", "a@b", DATE_UNREADABLE, "+0000"],
      ["A <a@b> 9007199254740992 +0000", "A", "a@b", 2n ** 53n, "+0000"],
      ["A <a@b> 9007199254740993999 +0000", "A", "a@b", DATE_UNREADABLE, "+0000"],
    ];
    for (const [line, name, email, seconds, timezone] of cases) {
      const found = parseIdentity(line);
      expect([line, latin1(found.name), latin1(found.email), found.seconds, found.timezone]).toEqual([
        line,
        name,
        email,
        seconds,
        timezone,
      ]);
    }
  });
});

describe("rawHeader", () => {
  test("gives the value as it is in the object, and nothing from the message", () => {
    const content = Buffer.from(`tree ${OID}\nauthor A <a@b> 1 +0000\n\nm\ncommitter no\n`);
    expect(latin1(rawHeader(content, "author")!)).toBe("A <a@b> 1 +0000");
    expect(rawHeader(content, "committer")).toBeUndefined();
  });
});
