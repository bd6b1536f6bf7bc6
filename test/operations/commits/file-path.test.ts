import { describe, expect, test } from "bun:test";
import { cleanFilePath } from "../../../src/operations/commits/file-path.ts";

const COMPONENT = "a".repeat(63);

/** A path of so many components, each of so many letters. */
const path = (count: number, component = "d") => Array.from({ length: count }, () => component).join("/");

function problemOf(file: string): unknown {
  try {
    cleanFilePath(file);
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("cleanFilePath", () => {
  test("takes paths of up to 4,096 bytes and 512 components", () => {
    const longest = `${path(64, COMPONENT)}b`;
    expect(longest.length).toBe(4096);
    const refused = { reason: "invalid_path", details: { problem: "too_long" } };
    expect(cleanFilePath(longest)).toBe(longest);
    expect(problemOf(`${longest}b`)).toMatchObject(refused);
    expect(cleanFilePath(path(512))).toBe(path(512));
    expect(problemOf(path(513))).toMatchObject(refused);
    expect(cleanFilePath(`./${path(512)}/x/..`)).toBe(path(512));
  });
});
