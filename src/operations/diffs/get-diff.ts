import { type Static, RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { OperationError } from "../../domain/errors.ts";
import { isOid, type ObjectFormat } from "../../domain/oid.ts";
import { Value } from "@sinclair/typebox/value";
import { Diff, diffOptions, FormatField, makeDiff, pathsOf } from "./show-diff.ts";

const Request = Type.Object(
  { from: Type.String(), to: Type.String(), ...diffOptions },
  { additionalProperties: false },
);

/** Shows a diff again that has been shown before, by its id; in another format if that is asked for. */
export const getDiff = defineOperation({
  name: "getDiff",
  summary: "Show a diff by its id",
  kind: "read",
  shape: "call",
  access: "read",
  target: "repository",
  input: Type.Object(
    {
      repository: RepositoryField,
      id: Type.String({ maxLength: 100_000, description: "The id that a diff has told" }),
      format: FormatField,
    },
    { additionalProperties: false },
  ),
  output: Diff,
  errors: ["diff_not_found", "object_not_found", "too_large"],
  examples: [{ title: "An id that is none", input: { id: "none", format: "stat" } }],
  route: {
    method: "GET",
    path: "/repos/:repo/diffs/:id",
    etag: "etag",
    content: { field: "patch", type: () => "text/x-diff" },
    isImmutable: () => true,
  },
  async run({ id, format = "json" }, { repository, limits }) {
    return makeDiff(repository, requestOf(id, repository.objectFormat), format, limits.answerBytesMax);
  },
});

/** What the id says. Throws `diff_not_found` for one that this server has not made. */
function requestOf(id: string, objectFormat: ObjectFormat): Static<typeof Request> {
  try {
    const request: unknown = JSON.parse(Buffer.from(id, "base64url").toString("utf8"));
    if (Value.Check(Request, request) && [request.from, request.to].every((oid) => isOid(oid, objectFormat)))
      return { ...request, ...pathsOf(request.paths) };
  } catch {
    // No JSON, or paths that nobody was let ask for: told below.
  }
  throw new OperationError("diff_not_found", { diff: id });
}
