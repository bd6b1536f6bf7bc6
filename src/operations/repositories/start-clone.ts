import { CloneInput } from "../../contract/clones.ts";
import { defineOperation } from "../../contract/operation.ts";
import { forgetCredential, remoteSourceOf } from "../../contract/remotes.ts";
import { OperationError } from "../../domain/errors.ts";
import { CloneItem, cloneItem } from "./clone-fields.ts";

/**
 * Begins to clone a repository from another server and answers at once; `showClone` tells how it goes, also after a restart. It ends with the
 * server: a clone that was not done then has failed (`shutting_down`), has left nothing, and is begun again by whoever wants it.
 */
export const startClone = defineOperation({
  name: "startClone",
  summary: "Begin to clone a repository from another server",
  kind: "write",
  shape: "call",
  access: "create",
  needsCredentials: true,
  target: "path",
  input: CloneInput,
  output: CloneItem,
  errors: [
    "repository_exists",
    "clone_running",
    "limit_exceeded",
    "invalid_input",
    "target_not_allowed",
    "remote_unreachable",
  ],
  examples: [{ title: "A public repository", input: { url: "https://git.example.com/project.git" } }],
  tool: {
    openWorld: true,
    advice: "Goes on in the background; show_clone tells how far it is. clone_repository waits for it.",
  },
  route: { method: "POST", path: "/repos/:repo/clone", status: 202 },
  async run(input, { remotes, repositories, clones, caller, signal }) {
    const { repository } = input;
    const source = remoteSourceOf(input);
    try {
      if (await repositories.exists(repository)) {
        throw new OperationError("repository_exists", { repository: repository.relativePath });
      }
      const { url } = await remotes.open(source, signal);
      return cloneItem(await clones.start({ ...input, url }, caller));
    } catch (error) {
      forgetCredential(source.credential);
      throw error;
    }
  },
});
