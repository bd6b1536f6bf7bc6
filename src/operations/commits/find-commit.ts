import { ByteStringField, Maybe, RepositoryField, Type } from "../../contract/fields.ts";
import { CommitField, TrailerField } from "../../contract/nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import { parseTrailers } from "../../domain/trailers.ts";
import { CommitReader, readCommitObject } from "./commit-reader.ts";

const Input = Type.Object(
  {
    repository: RepositoryField,
    revision: ByteStringField("Any revision that leads to a commit"),
    trailers: Maybe(Type.Boolean({ description: "Tell the trailers of its message as well" })),
  },
  { additionalProperties: false },
);

const Output = Type.Object({
  commit: Maybe(CommitField),
  trailers: Maybe(Type.Array(TrailerField)),
});

/** Finds the commit that a revision names; the answer is empty when there is none. */
export const findCommit = defineOperation({
  name: "findCommit",
  summary: "Find a commit",
  kind: "read",
  shape: "call",
  access: "read",
  target: "repository",
  input: Input,
  output: Output,
  errors: [],
  examples: [{ title: "The tip of main, with trailers", input: { revision: "main", trailers: true } }],
  async run({ revision, trailers }, { repository }) {
    const [object, reader] = await Promise.all([readCommitObject(repository, revision), CommitReader.open(repository)]);
    const commit = reader.parse(object);
    if (commit === undefined) return {};
    return trailers === true ? { commit, trailers: parseTrailers(commit.message) } : { commit };
  },
});
