import { Maybe, OidField, type Static, Type } from "../../contract/fields.ts";
import { PathField, RevField } from "../../contract/management-nouns.ts";
import type { BlamedLines, BlameQuery } from "../../backend/backend.ts";
import { strictPath } from "../files/strict-path.ts";

const LineField = (description: string) => Maybe(Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1, description }));

/** Which lines of which file are to be blamed. */
export const BlameFields = {
  rev: Maybe(RevField("Revision; the default branch when absent")),
  path: PathField("Path of the file"),
  firstLine: LineField("First line to tell about; the first of the file when absent"),
  lastLine: LineField("Last line, itself included; the last of the file when absent"),
};

const Fields = Type.Object(BlameFields);

/** The query without the commit. Throws `invalid_path`. */
export function blameQueryOf({ path, firstLine, lastLine }: Static<typeof Fields>): Omit<BlameQuery, "commit"> {
  return {
    path: strictPath(path),
    ...(firstLine !== undefined && { firstLine }),
    ...(lastLine !== undefined && { lastLine }),
  };
}

/** Lines of a file that came with one commit. */
export const BlamedRangeField = Type.Object(
  {
    commit: OidField("The commit that the lines came with"),
    line: Type.Integer({ description: "First line, from 1" }),
    lineCount: Type.Integer({ description: "Lines" }),
    originalLine: Type.Integer({ description: "First line in that commit's file" }),
    originalPath: PathField("The file's path in that commit"),
    previousCommit: Maybe(OidField("Where the file was before that commit")),
    previousPath: Maybe(PathField("And what it was called")),
  },
  { additionalProperties: false, description: "Neighbouring lines that came with one commit" },
);

/** Shows blamed lines. */
export function blamedRangeOf(lines: BlamedLines): Static<typeof BlamedRangeField> {
  const { commitOid, finalLine, originalLine, lineCount, originalPath, previous } = lines;
  return {
    commit: commitOid,
    line: finalLine,
    lineCount,
    originalLine,
    originalPath,
    ...(previous !== undefined && { previousCommit: previous.commitOid, previousPath: previous.path }),
  };
}
