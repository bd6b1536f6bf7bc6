import { defineOperation } from "../../contract/operation.ts";
import { MirrorInput, MirrorItem, mirrorItem } from "./mirror-fields.ts";

/** Shows a mirror: how its last run went, and when the next one is. */
export const showMirror = defineOperation({
  name: "showMirror",
  summary: "Show a mirror",
  kind: "read",
  shape: "call",
  access: "admin",
  target: "repository",
  input: MirrorInput,
  output: MirrorItem,
  errors: ["repository_not_found", "mirror_not_found"],
  examples: [{ title: "By its name", input: { name: "origin" } }],
  route: { method: "GET", path: "/repos/:repo/mirrors/:name" },
  async run({ repository, name }, { mirrors }) {
    return mirrorItem(await mirrors.find(repository, name), mirrors);
  },
});
