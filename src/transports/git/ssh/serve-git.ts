import type { Caller } from "../../../contract/principal.ts";
import type { RepositoryRef } from "../../../contract/repository-ref.ts";
import { OperationError } from "../../../domain/errors.ts";
import { atClonePath, pushTarget } from "../../../engine/clone-path.ts";
import type { Engine } from "../../../engine/engine.ts";
import { receivePack, repositoryExists, uploadArchive, uploadPack } from "../../../operations/index.ts";
import { failureText } from "./failure-text.ts";
import type { GitCommand } from "./git-command.ts";

const OK = 0;
/** What git exits with when it dies. */
const DIED = 128;

/** One of git's programs, asked for by a client. */
export interface GitRequest {
  readonly command: GitCommand;
  /** What the client has set GIT_PROTOCOL to. */
  readonly protocol: string | undefined;
  readonly caller: Caller;
  readonly stdin: AsyncIterable<Uint8Array>;
  stdout(output: Uint8Array): Promise<void>;
  stderr(output: string): Promise<void>;
}

/** Runs one of git's programs in this process; answers the exit status. */
export async function serveGit(
  engine: Engine,
  request: GitRequest,
  onBug: (error: unknown, requestId: string) => void,
): Promise<number> {
  const { command, caller } = request;
  const { service, path } = command;
  if (path === undefined) {
    await request.stderr(`fatal: git-${service} takes one repository\n`);
    return DIED;
  }
  let began = false;
  try {
    for await (const output of conversation(engine, request, path)) {
      began = true;
      await request.stdout(output);
    }
    return OK;
  } catch (error) {
    if (!(error instanceof OperationError)) onBug(error, caller.requestId);
    const text = failureText(error, service, path, caller.requestId);
    // Once the conversation has begun the client has been told within it.
    if (text !== undefined && !began && !caller.signal.aborted) await request.stderr(`fatal: ${text}\n`);
    return DIED;
  }
}

async function* conversation(engine: Engine, request: GitRequest, path: string): AsyncGenerator<Uint8Array> {
  const { command, protocol, caller, stdin } = request;
  const input = (repository: RepositoryRef) => ({
    repository,
    mode: "stateful" as const,
    ...(protocol === undefined ? {} : { protocol }),
  });
  switch (command.service) {
    case "upload-pack":
      return yield* atClonePath(path, (repository) => engine.run(uploadPack, input(repository), caller, stdin));
    case "upload-archive":
      return yield* atClonePath(path, (repository) => engine.run(uploadArchive, { repository }, caller, stdin));
    case "receive-pack": {
      const exists = async (repository: RepositoryRef) =>
        (await engine.run(repositoryExists, { repository }, caller)).exists;
      return yield* engine.run(receivePack, input(await pushTarget(path, exists)), caller, stdin);
    }
  }
}
