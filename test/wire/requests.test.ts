import { describe, expect, test } from "bun:test";
import { OperationError } from "../../src/domain/errors.ts";
import { Capabilities, capabilityValue } from "../../src/wire/capabilities.ts";
import { readCommandRequest } from "../../src/wire/command-request.ts";
import { FetchRequest } from "../../src/wire/fetch-request.ts";
import { parseFilterSpec } from "../../src/wire/filter-spec.ts";
import { parseLsRefs } from "../../src/wire/ls-refs.ts";
import { parseObjectInfo } from "../../src/wire/object-info.ts";
import { PacketReader } from "../../src/wire/pkt-line.ts";
import { protocolVersionOf } from "../../src/wire/protocol-version.ts";
import { REQUEST_BYTES_MAX } from "../../src/wire/request-limits.ts";
import { failureOf } from "../support/failure-of.ts";
import { bodyOf, command, line } from "../support/wire-conversation.ts";

const OID = "1".repeat(40);

/** What a refusal says. */
function problemOf(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error instanceof OperationError ? (error.details as { problem?: string }).problem : error;
  }
  return undefined;
}

test("the greatest known version counts", () => {
  const cases: [string | undefined, number][] = [
    [undefined, 0],
    ["", 0],
    ["version=1", 1],
    ["version=2", 2],
    ["version=1:version=2", 2],
    ["key=value:version=1", 1],
    ["version=3", 0],
    ["version=20", 0],
    ["xversion=2", 0],
  ];
  for (const [text, version] of cases) expect(protocolVersionOf(text)).toBe(version as 0 | 1 | 2);
});

test("capabilities are words, with values or without", () => {
  const capabilities = Capabilities.parse("thin-pack agent=git/2=x  agent=other\n");
  expect(capabilities.has("thin-pack")).toBe(true);
  expect(capabilities.value("thin-pack")).toBe("");
  expect(capabilities.value("agent")).toBe("git/2=x");
  expect(capabilities.has("thin")).toBe(false);
  expect(capabilityValue("a b\n\xff")).toBe("a-b--");
});

describe("filters", () => {
  const valid: [string, string][] = [
    ["blob:none", "blob:none"],
    ["blob:limit=1k", "blob:limit=1024"],
    ["blob:limit=0", "blob:limit=0"],
    ["blob:limit=2M", "blob:limit=2097152"],
    ["tree:0", "tree:0"],
    ["object:type=tag", "object:type=tag"],
    ["sparse:oid=main:spec", "sparse:oid=main:spec"],
    ["combine:blob:limit=1k+tree:3", "combine:blob:limit=1024+tree:3"],
    ["combine:combine%3atree:1%2bblob:none+tree:2", "combine:combine:tree:1%2bblob:none+tree:2"],
  ];
  for (const [spec, expected] of valid) test(spec, () => expect(parseFilterSpec(spec)).toBe(expected));

  const invalid = ["", "blob", "blob:limit=", "blob:limit=-1", "blob:limit=1x", "tree:", "tree:x", "object:type=note"];
  const hostile = ["sparse:path=x", "sparse:oid=", "combine:", "combine:tree:1+", "combine:tree:1+a b", "\0", "--x"];
  const deep = `${"combine:".repeat(30)}tree:1`;
  for (const spec of [...invalid, ...hostile, deep, `sparse:oid=${"x".repeat(20_000)}`]) {
    test(`refuses ${JSON.stringify(spec.slice(0, 40))}`, () => {
      expect(problemOf(() => parseFilterSpec(spec))).toBeString();
    });
  }
});

describe("FetchRequest", () => {
  test("takes every argument", () => {
    const request = new FetchRequest("sha1");
    const flags = ["thin-pack", "ofs-delta", "include-tag", "no-progress", "done", "wait-for-done", "deepen-relative"];
    const others = [`want ${OID.toUpperCase()}`, `have ${OID}`, "want-ref HEAD", `shallow ${OID}`, "filter tree:1k"];
    for (const text of [...flags, ...others, "deepen 3"]) request.takeArgument(text);
    expect(request.deepens).toBe(true);
    expect([...request.wants, ...request.haves, ...request.shallow]).toEqual([OID, OID, OID]);
    expect(request.deepening).toEqual({ depth: 3, relative: true, not: [] });
    expect(request.filter).toBe("tree:1024");
    expect(request.thinPack && request.ofsDelta && request.includeTag && request.noProgress).toBe(true);
    expect(request.done && request.waitForDone).toBe(true);
  });

  for (const text of [
    "want",
    "want 12",
    `want ${OID}1`,
    `want ${"g".repeat(40)}`,
    "deepen",
    "deepen -1",
    "deepen 1x",
  ]) {
    test(`refuses ${text.slice(0, 20)}`, () => {
      expect(problemOf(() => new FetchRequest("sha1").takeArgument(text))).toBeString();
    });
  }

  test("refuses a second filter, and ids of another format", () => {
    const request = new FetchRequest("sha256");
    request.takeArgument("filter blob:none");
    expect(problemOf(() => request.takeArgument("filter tree:1"))).toBe("multiple filter-specs cannot be combined");
    expect(problemOf(() => request.takeArgument(`want ${OID}`))).toContain("of 64 digits");
  });
});

describe("requests of version 2", () => {
  const read = (body: string) => readCommandRequest(new PacketReader(bodyOf(body)), ["fetch"], "sha1");

  test("have a command, capabilities and arguments", async () => {
    expect(await read(command("fetch", ["a", "b"], ["agent=x", "server-option=y", "session-id=z"]))).toEqual({
      command: "fetch",
      args: ["a", "b"],
    });
    expect(await read(`${line("command=fetch")}0000`)).toEqual({ command: "fetch", args: [] });
  });

  test("may be none", async () => {
    expect(await read("")).toBeUndefined();
    expect(await read("0000")).toBeUndefined();
  });

  const wrong = [
    line("command=fetch"),
    `${line("command=fetch")}0001`,
    `${line("command=fetch")}0001${line("x")}0001`,
    `${line("command=fetch")}${line("command=fetch")}0000`,
    `${line("command=fetch")}0002`,
    "0001",
    line("ERR no more"),
  ];
  for (const body of wrong) {
    test(`throws protocol_error for ${JSON.stringify(body)}`, async () => {
      expect(await failureOf(read(body))).toMatchObject({ reason: "protocol_error" });
    });
  }

  test("are limited in their length", async () => {
    async function* endless() {
      yield Buffer.from(`${line("command=fetch")}0001`);
      const chunk = Buffer.from(line("x".repeat(60_000)));
      for (let sent = 0; sent < 2 * REQUEST_BYTES_MAX; sent += chunk.length) yield chunk;
    }
    const reading = readCommandRequest(new PacketReader(endless()), ["fetch"], "sha1");
    expect(await failureOf(reading)).toMatchObject({ reason: "too_large" });
  });
});

test("ls-refs and object-info refuse what they do not know", () => {
  expect(problemOf(() => parseLsRefs(["peel", "pale"]))).toBe("unexpected line: 'pale'");
  expect(problemOf(() => parseObjectInfo(["size", "oid x"], "sha1"))).toContain("expected to get oid");
  expect(problemOf(() => parseObjectInfo(["age"], "sha1"))).toContain("unexpected line");
});

test("so many prefixes of ls-refs mean all", () => {
  const prefixes = Array.from({ length: 65_536 }, () => "ref-prefix refs/heads/x");
  expect(parseLsRefs(prefixes.slice(1)).prefixes.length).toBe(65_535);
  expect(parseLsRefs(prefixes).prefixes).toEqual([]);
});
