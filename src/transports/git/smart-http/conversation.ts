import type { Caller } from "../../../contract/principal.ts";
import { hasReason, OperationError } from "../../../domain/errors.ts";
import type { Engine } from "../../../engine/engine.ts";
import { receivePack, repositoryExists, uploadPack } from "../../../operations/index.ts";

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

/** Runs the operation behind a service. A repository lies at `x.git`, or at plain `x` where only that is there. */
export async function* converse(engine: Engine, conversation: Conversation): AsyncGenerator<Uint8Array> {
  const { places, service } = conversation;
  try {
    if (service === "git-receive-pack") {
      const plain = await isOnlyThere(engine, conversation);
      yield* answer(engine, conversation, plain ? places.plain : places.usual);
      return;
    }
    // The engine refuses what is not there before it reads of the client.
    try {
      yield* answer(engine, conversation, places.usual);
    } catch (error) {
      if (!hasReason(error, "repository_not_found")) throw error;
      yield* answer(engine, conversation, places.plain);
    }
  } catch (error) {
    if (!hasReason(error, "repository_not_found")) throw error;
    throw new OperationError("repository_not_found", { repository: places.name }, { cause: error });
  }
}

/** Is there a repository without `.git`, and none with it? A push to what is in neither place makes one with `.git`. */
async function isOnlyThere(engine: Engine, { places, caller }: Conversation): Promise<boolean> {
  const isThere = async (relativePath: string) => {
    try {
      return (await engine.run(repositoryExists, { repository: { storage: STORAGE, relativePath } }, caller)).exists;
    } catch (error) {
      // What may not be seen is not there.
      if (error instanceof OperationError) return false;
      throw error;
    }
  };
  return (await isThere(places.plain)) && !(await isThere(places.usual));
}

function answer(
  engine: Engine,
  { service, mode, protocol, caller, parts }: Conversation,
  relativePath: string,
): AsyncIterable<Uint8Array> {
  const repository = { storage: STORAGE, relativePath };
  const input = { repository, mode, ...(protocol === undefined ? {} : { protocol }) };
  const operation = service === "git-upload-pack" ? uploadPack : receivePack;
  return engine.run(operation, input, caller, parts);
}
