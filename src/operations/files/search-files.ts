import {
  BytesField,
  ByteStringField,
  Maybe,
  OidField,
  RepositoryField,
  type Static,
  Type,
} from "../../contract/fields.ts";
import { PathField, RevField } from "../../contract/management-nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import { resolveCommit } from "../history/resolve-commit.ts";
import { strictPath } from "./strict-path.ts";

const LIMIT_MAX = 1000;
const LIMIT_DEFAULT = 100;
const MATCHES_PER_FILE_MAX = 50;
const PATTERN_LENGTH_MAX = 4096;

const Match = Type.Object(
  {
    path: PathField(),
    line: Type.Integer({ description: "Number of the line, from 1" }),
    text: BytesField("The line, cut after 1,024 bytes"),
  },
  { additionalProperties: false },
);

const Output = Type.Object(
  {
    commit: OidField("The commit that was searched"),
    items: Type.Array(Match, { description: "Files in git's order, lines in theirs" }),
    isCut: Type.Boolean({ description: "There are more matches than were asked for" }),
  },
  { additionalProperties: false },
);

/** Looks for a text, or an expression, in what files hold at a revision. Binary files are left out. */
export const searchFiles = defineOperation({
  name: "searchFiles",
  summary: "Search in files",
  kind: "read",
  shape: "call",
  access: "read",
  target: "repository",
  input: Type.Object(
    {
      repository: RepositoryField,
      rev: Maybe(RevField("Revision; the default branch when absent")),
      pattern: Type.String({
        byteString: true,
        minLength: 1,
        maxLength: PATTERN_LENGTH_MAX,
        description: "A text; with `regex` a POSIX extended regular expression",
      }),
      regex: Maybe(Type.Boolean()),
      ignoreCase: Maybe(Type.Boolean()),
      path: Maybe(ByteStringField("Only this file or folder")),
      limit: Maybe(Type.Integer({ minimum: 1, maximum: LIMIT_MAX, description: "Matches at most" })),
    },
    { additionalProperties: false },
  ),
  output: Output,
  errors: ["revision_not_found", "invalid_path"],
  examples: [{ title: "A word", input: { rev: "main", pattern: "the", ignoreCase: true } }],
  tool: {
    isDefault: true,
    advice:
      "Finds lines in the files of a revision; narrow it with path. What a session has committed is found with rev set to its head.",
  },
  route: { method: "GET", path: "/repos/:repo/search" },
  async run({ rev = "HEAD", limit = LIMIT_DEFAULT, ...input }, { repository }): Promise<Static<typeof Output>> {
    const { git, view } = repository;
    const commit = await resolveCommit(repository, rev);
    const items: Static<typeof Match>[] = [];
    const query = {
      pattern: input.pattern,
      fixed: input.regex !== true,
      matchesPerFileMax: MATCHES_PER_FILE_MAX,
      ...(input.ignoreCase === true && { ignoreCase: true }),
      ...(input.path !== undefined && input.path !== "" && { paths: [strictPath(input.path)] }),
    };
    for await (const batch of git.objects.grep(view, commit, query)) {
      items.push(...batch.slice(0, limit + 1 - items.length));
      if (items.length > limit) return { commit, items: items.slice(0, limit), isCut: true };
    }
    return { commit, items, isCut: false };
  },
});
