import { describe, expect, test } from "bun:test";
import { parseTrailers } from "../../src/domain/trailers.ts";
import { TemporaryRepository } from "../support/temporary-repository.ts";

const MESSAGES = [
  "subject\n\nbody\n\nSigned-off-by: A <a@example.com>\nReviewed-by: B\n  and C\nX-Empty:\n",
  "subject\n",
  "Key: in the title\n",
  "subject\n\nKey: value",
  "subject\n\nsome text\nKey: value\n",
  "subject\n\nsome text\nSigned-off-by: A\n",
  "subject\n\na\nb\nc\nd\nSigned-off-by: A\n",
  "subject\n\n(cherry picked from commit 1234)\nKey : spaced\n",
  "subject\n\nKey: one\n\nKey: two\n",
  "subject\n\nKey: one\n\n\n# comment\n\n",
  "subject\n\nKey: one\n# comment\nOther: two\n",
  "subject\n\nKey: one\n\nConflicts:\n\ta.txt\n",
  "subject\n\n continued\nKey: one\n",
  "subject\n\nKey: one\n  two\n  three\n\tfour\n",
  "subject\n\nKey: one\n   \n",
  "subject\n\nKey=value\nOther: x\n",
  "subject\n\nnot a key: x\nSigned-off-by: y\n",
  "subject\n\n: no key\nSigned-off-by: y\n",
  "subject\n\nKey:\n  folded from nothing\n",
  "subject\r\n\r\nKey: crlf\r\n",
  "\n\nsubject\n\nKey: one\n",
  "# odd\n\nKey: one\n",
  "",
];

describe("parseTrailers", () => {
  test("finds what git finds", async () => {
    await using repository = await TemporaryRepository.create();
    for (const message of MESSAGES) {
      const commit = await repository.commit({ message });
      const format = "%(trailers:only,unfold,separator=%x00)";
      const listed = await repository.text(["log", "-1", `--format=tformat:${format}`, commit]);
      const found = parseTrailers(Buffer.from(message)).map(
        ({ key, value }) => `${Buffer.from(key)}: ${Buffer.from(value)}`,
      );
      expect({ message, found: found.join("\0") }).toEqual({ message, found: listed });
    }
  });
});
