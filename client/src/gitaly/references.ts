import { create } from "@bufbuild/protobuf";
import type { CallOptions } from "../call-options.ts";
import type { RefUpdate } from "../domain/ref-update.ts";
import type { GitRepo } from "../domain/repo.ts";
import { ConflictError, GitError, ValidationError } from "../errors.ts";
import type { UpdateReferences } from "../requests.ts";
import type { Connection } from "./connection.ts";
import { as } from "./error-of-status.ts";
import { readReference } from "./expected-absence.ts";
import { RefService, UpdateReferencesRequestSchema } from "./generated/ref_pb.ts";
import { repositoryMessage } from "./message-shape.ts";
import { bytesOf } from "./text.ts";
import { checkId, checkRefName, checkUser, invalid, isZeroId } from "./validate.ts";

const methods = RefService.method;

/** Updates in one message: it stays far below the 4 MiB that servers take. */
const UPDATES_PER_MESSAGE = 1000;

export async function updateReferences(
  server: Connection,
  repo: GitRepo,
  request: UpdateReferences,
  options?: CallOptions,
): Promise<void> {
  const { updates, user } = request;
  const repository = repositoryMessage(repo);
  // The protocol has no place for the user of this call; that there is one is asked all the same.
  checkUser(user);
  if (updates.length === 0) throw invalid("updates is empty");
  for (const each of updates) checkUpdate(each);
  const zeros = await zerosFor(server, repo, updates, options);
  const conditional = updates.every(({ oldId = "" }) => oldId !== "");
  try {
    await server.converse(
      methods.updateReferences,
      options,
      { effect: conditional ? "conditional-change" : "change" },
      async (conversation) => {
        for (let from = 0; from < updates.length; from += UPDATES_PER_MESSAGE) {
          const message = create(UpdateReferencesRequestSchema, {
            ...(from === 0 ? { repository } : {}),
            updates: updates.slice(from, from + UPDATES_PER_MESSAGE).map(({ ref, oldId = "", newId }) => ({
              reference: bytesOf(ref),
              oldObjectId: bytesOf(isZeroId(oldId) ? zeros : oldId),
              newObjectId: bytesOf(isZeroId(newId) ? zeros : newId),
            })),
          });
          if (!(await conversation.write(message))) return conversation.last();
        }
        conversation.halfClose();
        return conversation.last();
      },
    );
  } catch (error) {
    throw inWordsOfReferences(error);
  }
}

function checkUpdate({ ref, oldId = "", newId }: RefUpdate): void {
  checkRefName("ref", ref);
  if (oldId !== "") checkId("oldId", oldId);
  checkId("newId", newId);
}

/** Zeros as long as the ids of the repository: either length is taken from the application. */
async function zerosFor(
  server: Connection,
  repo: GitRepo,
  updates: readonly RefUpdate[],
  options?: CallOptions,
): Promise<string> {
  const ids = updates.flatMap(({ oldId = "", newId }) => [oldId, newId]).filter((id) => id !== "");
  const real = ids.find((id) => !isZeroId(id));
  if (real !== undefined) return "0".repeat(real.length);
  // Nothing but deletions: what is deleted tells.
  const [first] = updates;
  const target = first === undefined ? undefined : await readReference(server, repo, first.ref, options);
  return "0".repeat((target ?? ids[0] ?? "").length);
}

/** Only some of the ways in which a reference can be in the way have a code of their own in the protocol. */
const CONFLICTS =
  /reference already exists|file directory conflict|does not point to expected object|already locked|exit status 128/;
const MISTAKES = /multiple times within a transaction|conflicting reference updates|target object not a commit/;

function inWordsOfReferences(error: unknown): unknown {
  if (!(error instanceof GitError) || error.code !== "INTERNAL") return error;
  if (CONFLICTS.test(error.message)) return as(error, ConflictError);
  return MISTAKES.test(error.message) ? as(error, ValidationError) : error;
}
