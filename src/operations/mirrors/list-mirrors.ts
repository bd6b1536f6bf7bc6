import { RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { MirrorItem, mirrorItem } from "./mirror-fields.ts";

/** Lists the mirrors of a repository: how they went, and when they go next. */
export const listMirrors = defineOperation({
  name: "listMirrors",
  summary: "List mirrors",
  kind: "read",
  shape: "list",
  access: "admin",
  target: "repository",
  input: Type.Object({ repository: RepositoryField }, { additionalProperties: false }),
  output: MirrorItem,
  errors: ["repository_not_found"],
  examples: [{ title: "All of them", input: {} }],
  route: { method: "GET", path: "/repos/:repo/mirrors" },
  async *run({ repository }, { mirrors }) {
    yield (await mirrors.list(repository)).map((mirror) => mirrorItem(mirror, mirrors));
  },
});
