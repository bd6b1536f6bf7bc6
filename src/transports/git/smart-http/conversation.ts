import type { Caller } from "../../../contract/principal.ts";
import { hasReason, OperationError } from "../../../domain/errors.ts";
import type { Engine } from "../../../engine/engine.ts";
import { receivePack, uploadPack } from "../../../operations/index.ts";

/** Git's services that are offered over HTTP. */
export type GitService = "git-upload-pack" | "git-receive-pack";

/** The storage whose repositories have clone addresses. */
const STORAGE = "default";

/** One conversation of git with a repository. */
export interface Conversation {
  readonly service: GitService;
  readonly mode: "advertise" | "stateless";
  /** Full name of the repository, and where it may lie, below the storage. */
  readonly places: { readonly name: string; readonly usual: string; readonly plain: string };
  readonly protocol: string | undefined;
  readonly caller: Caller;
  readonly parts: AsyncIterable<Uint8Array> | undefined;
}

/** Runs the operation behind a service. Throws what it throws, with the repository's name as people know it. */
export async function* converse(engine: Engine, conversation: Conversation): AsyncGenerator<Uint8Array> {
  const { places, service, mode, protocol, caller, parts } = conversation;
  const repository = engine.refOf(STORAGE, places);
  const input = { repository, mode, ...(protocol === undefined ? {} : { protocol }) };
  const operation = service === "git-upload-pack" ? uploadPack : receivePack;
  try {
    yield* engine.run(operation, input, caller, parts);
  } catch (error) {
    if (!hasReason(error, "repository_not_found")) throw error;
    throw new OperationError("repository_not_found", { repository: places.name }, { cause: error });
  }
}
