// Results that are too long come in parts, which make the whole again.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { decodeCut } from "../../../src/transports/api/mcp/cut-cursor.ts";
import { cutResult } from "../../../src/transports/api/mcp/cut-result.ts";
import { failure } from "../../support/read-story.ts";

const MAX = 4096;

type Output = Record<string, unknown>;

/** Every part of a result; no part may be longer than is asked for. */
function parts(whole: Output, bytesMax = MAX): Output[] {
  const found: Output[] = [];
  for (let cursor: unknown; ;) {
    const state = typeof cursor === "string" ? decodeCut(cursor) : undefined;
    const part = cutResult(whole, bytesMax, state);
    expect(Buffer.byteLength(JSON.stringify(part))).toBeLessThanOrEqual(bytesMax);
    found.push(part);
    if (found.length > 5000) throw new Error("there is no end of it");
    cursor = part["next_cursor"];
    if (typeof cursor !== "string" || !cursor.startsWith("cut.")) return found;
  }
}

const lines = (count: number, text = "some text that is there ünd counts"): string =>
  Array.from({ length: count }, (_, at) => `${at} ${text}\n`).join("");

describe("a result", () => {
  test("that is short stays as it is", () => {
    const output = { path: "a", content: "b" };
    expect(cutResult(output, MAX, undefined)).toBe(output);
  });

  test("whose text is long comes in parts that end with lines", () => {
    const content = lines(2000);
    const found = parts({ path: "a.txt", content, encoding: "utf-8" });
    expect(found.length).toBeGreaterThan(10);
    expect(found.map((part) => part["content"]).join("")).toBe(content);
    expect(found.slice(0, -1).every((part) => String(part["content"]).endsWith("\n"))).toBe(true);
    const cuts = found.map((part) => part["cut"] as { from: number; to: number; total: number });
    expect(cuts[0]).toEqual({
      field: "content",
      from: 0,
      to: cuts[1]!.from,
      total: Buffer.byteLength(content),
      unit: "bytes",
    } as never);
    expect(cuts.at(-1)!.to).toBe(Buffer.byteLength(content));
    expect(found.at(-1)!["next_cursor"]).toBeNull();
  });

  test("whose content is base64 comes in parts that can each be decoded", () => {
    const bytes = Buffer.from(Array.from({ length: 20_000 }, (_, at) => (at * 7919) % 256));
    const found = parts({ content: bytes.toString("base64"), encoding: "base64" });
    const decoded = found.map((part) => Buffer.from(String(part["content"]), "base64"));
    expect(Buffer.concat(decoded).equals(bytes)).toBe(true);
    expect((found.at(-1)!["cut"] as { total: number }).total).toBe(bytes.length);
  });

  test("whose text is no UTF-8 comes in parts as well, alone or in a list", () => {
    const whole = Buffer.alloc(20_000, "latin \xe9\n", "latin1");
    const bytes = { base64: whole.toString("base64") };
    const joined = (found: readonly unknown[]) =>
      Buffer.concat(found.map((part) => Buffer.from((part as typeof bytes).base64, "base64")));
    const alone = parts({ id: "1", patch: bytes });
    expect(joined(alone.map((part) => part["patch"]))).toEqual(whole);
    expect(alone[1]).toMatchObject({ id: "1", cut: { field: "patch", total: whole.length, unit: "bytes" } });
    const listed = parts({ files: [{ path: "a", hunks: bytes }, { path: "b" }] });
    const ofFirst = listed.filter((part) => (part["cut"] as { field: string }).field === "files[0].hunks");
    expect(joined(ofFirst.map((part) => (part["files"] as { hunks: unknown }[])[0]!.hunks))).toEqual(whole);
    expect(listed.at(-1)).toMatchObject({ files: [{ path: "b" }], next_cursor: null });
  });

  test("whose list is long comes in parts of whole items, with what is short in each", () => {
    const items = Array.from({ length: 500 }, (_, at) => ({ path: `folder/file-${at}`, oid: "a".repeat(40) }));
    const found = parts({ commit: "c", items, next_cursor: "own" });
    expect(found.flatMap((part) => part["items"] as object[])).toEqual(items);
    expect(found.every((part) => part["commit"] === "c")).toBe(true);
    expect(found.at(-1)!["next_cursor"]).toBe("own");
  });

  test("with one item that is too long by itself gives that item's text in parts", () => {
    const files = [
      { path: "a", hunks: "@@ a" },
      { path: "b", hunks: lines(600) },
      { path: "c", hunks: "@@ c" },
    ];
    const found = parts({ files });
    const byPath = new Map<string, string>();
    for (const part of found)
      for (const { path, hunks } of part["files"] as typeof files) byPath.set(path, (byPath.get(path) ?? "") + hunks);
    expect([...byPath]).toEqual(files.map(({ path, hunks }) => [path, hunks]));
    expect(found.some((part) => (part["cut"] as { field: string }).field === "files[1].hunks")).toBe(true);
  });

  test("with two long fields gives one after the other", () => {
    const commits = Array.from({ length: 200 }, (_, at) => ({ oid: `${at}`.padStart(40, "0") }));
    const files = Array.from({ length: 300 }, (_, at) => ({ path: `path/of/file/${at}` }));
    const found = parts({ ahead: 1, commits, files });
    expect(found.flatMap((part) => part["commits"] as object[])).toEqual(commits);
    expect(found.flatMap((part) => part["files"] as object[])).toEqual(files);
  });

  test("that has changed meanwhile is not joined", async () => {
    const first = cutResult({ content: lines(500) }, MAX, undefined);
    const state = decodeCut(first["next_cursor"] as string)!;
    await failure(Promise.try(cutResult, { content: lines(501) }, MAX, state), "page_token_not_found");
  });

  test("that cannot be cut is refused", async () => {
    const cut = Promise.try(cutResult, { facts: { text: lines(500) } }, MAX, undefined);
    expect((await failure(cut, "too_large")).details).toMatchObject({ what: "result", limitBytes: MAX });
  });

  test("of any text and list is whole again when its parts are joined", () => {
    const text = fc.string({ unit: "binary", maxLength: 6000 });
    const item = fc.record({
      name: fc.string({ maxLength: 40 }),
      text: fc.string({ unit: "grapheme", maxLength: 3000 }),
    });
    fc.assert(
      fc.property(text, fc.array(item, { maxLength: 30 }), (content, items) => {
        const found = parts({ id: 1, content: content.toWellFormed(), items });
        if (found.length === 1) return;
        expect(found.map((part) => part["content"]).join("")).toBe(content.toWellFormed());
        const joined: { name: string; text: string }[] = [];
        for (const part of found) {
          const { field } = part["cut"] as { field: string };
          const inside = /^items\[(\d+)\]\.(\w+)$/.exec(field);
          for (const each of part["items"] as typeof joined) {
            const begun = inside === null ? undefined : joined[Number(inside[1])];
            if (begun === undefined) joined.push({ ...each });
            else begun[inside![2] as "text"] += each[inside![2] as "text"];
          }
        }
        expect(joined).toEqual(items);
      }),
      { numRuns: 60 },
    );
  });
});

describe("a cursor", () => {
  test("that is another one is left to the operation", () => expect(decodeCut("eyJhIjoxfQ")).toBeUndefined());

  for (const cursor of [
    "cut.",
    "cut.!!!",
    "cut.e30",
    `cut.${Buffer.from('["a",-1,0,"h",null]').toString("base64url")}`,
  ])
    test(`such as ${cursor} is refused`, async () => {
      await failure(Promise.try(decodeCut, cursor), "page_token_not_found");
    });

  test("behind the end is refused", async () => {
    const whole = { content: lines(500) };
    const state = decodeCut(cutResult(whole, MAX, undefined)["next_cursor"] as string)!;
    await failure(Promise.try(cutResult, whole, MAX, { ...state, from: 1e9 }), "page_token_not_found");
  });
});
