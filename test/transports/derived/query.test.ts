import { expect, test } from "bun:test";
import { hasReason } from "../../../src/domain/errors.ts";
import { percentDecode } from "../../../src/transports/api/derived/query.ts";

test.each([
  ["dir%2Fa.txt", "dir/a.txt"],
  ["a+b%20c%2B%25", "a b c+%"],
  ["%00%7f", "\x00\x7f"],
  // Bytes, whether or not they are UTF-8, and one for each of a character that was not escaped.
  ["%C3%A9", "\xc3\xa9"],
  ["%FF/%41", "\xff/A"],
  ["é%41", "\xc3\xa9A"],
])("the query %j is the bytes %j", (text, bytes) => {
  expect(percentDecode(text, "query")).toBe(bytes);
});

test.each(["%", "a%4", "%zz", "%41%", "%-1", "%c3%"])("%j is refused", (text) => {
  let thrown: unknown;
  try {
    percentDecode(text, "path");
  } catch (error) {
    thrown = error;
  }
  expect(hasReason(thrown, "malformed_request")).toBe(true);
});
