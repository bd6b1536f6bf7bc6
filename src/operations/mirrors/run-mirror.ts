import { defineOperation } from "../../contract/operation.ts";
import { MirrorInput, MirrorItem, mirrorItem } from "./mirror-fields.ts";

/** Makes a mirror run now, or again where it is running; `showMirror` tells how it went. */
export const runMirror = defineOperation({
  name: "runMirror",
  summary: "Run a mirror now",
  kind: "write",
  shape: "call",
  access: "admin",
  target: "repository",
  input: MirrorInput,
  output: MirrorItem,
  errors: ["repository_not_found", "mirror_not_found"],
  examples: [{ title: "By its name", input: { name: "origin" } }],
  tool: { openWorld: true },
  route: { method: "POST", path: "/repos/:repo/mirrors/:name/run", status: 202 },
  async run({ repository, name }, { mirrors }) {
    return mirrorItem(await mirrors.wake(repository, name), mirrors);
  },
});
