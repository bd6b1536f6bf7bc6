import { Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { repositoryNameOf } from "../../domain/repository-name.ts";
import { mirrorFacts, MirrorInput } from "./mirror-fields.ts";

/** Ends the bond with another server's repository, and forgets its credential. What it has brought stays. */
export const deleteMirror = defineOperation({
  name: "deleteMirror",
  summary: "Delete a mirror",
  kind: "write",
  shape: "call",
  access: "admin",
  target: "repository",
  input: MirrorInput,
  output: Type.Object({}),
  errors: ["repository_not_found", "mirror_not_found"],
  examples: [{ title: "By its name", input: { name: "origin" } }],
  route: { method: "DELETE", path: "/repos/:repo/mirrors/:name", status: 204 },
  async run({ repository, name }, { mirrors, events }) {
    const mirror = await mirrors.remove(repository, name);
    const repo = repositoryNameOf(repository.relativePath);
    await events.recordAdmin("mirror_deleted", { repo, ...mirrorFacts(mirror) });
    return {};
  },
});
