import type { CallOptions } from "../call-options.ts";
import type { GitRepo } from "../domain/repo.ts";
import type { GitTag } from "../domain/tag.ts";
import { ConflictError, GitError, NotFoundError } from "../errors.ts";
import type { CreateTag, DeleteTag } from "../requests.ts";
import { checkExpectedOfExisting } from "./branches.ts";
import type { Connection } from "./connection.ts";
import { as, gitError } from "./error-of-status.ts";
import { OperationService } from "./generated/operations_pb.ts";
import { type FindAllTagsResponse, RefService } from "./generated/ref_pb.ts";
import { repositoryMessage, userMessage } from "./message-shape.ts";
import { blameRevision, nullIfMissing } from "./missing.ts";
import { tagOf } from "./tag-conversion.ts";
import { namingReference } from "./reference-conflict.ts";
import { bytesOf } from "./text.ts";
import { checkNotEmpty, checkShortName } from "./validate.ts";

const { userCreateTag, userDeleteTag } = OperationService.method;
const methods = RefService.method;

export async function createTag(
  server: Connection,
  repo: GitRepo,
  request: CreateTag,
  options?: CallOptions,
): Promise<GitTag> {
  const { name, target, message = "", user } = request;
  checkShortName("name", name);
  checkNotEmpty("target", target);
  try {
    const { tag } = await server.unary(
      userCreateTag,
      {
        repository: repositoryMessage(repo),
        tagName: bytesOf(name),
        user: userMessage(user),
        targetRevision: bytesOf(target),
        message: bytesOf(message),
      },
      options,
      { effect: "change" },
    );
    if (tag === undefined) throw gitError("the server answered without the tag", { code: "INTERNAL" });
    const created = tagOf(tag);
    // Servers leave the tagger out of this answer.
    const complete = created.message === undefined || created.tagger !== undefined;
    return complete ? created : ((await foundAgain(server, repo, created, options)) ?? created);
  } catch (error) {
    if (error instanceof ConflictError) throw await blameRevision(server, repo, error, [target], options);
    throw error;
  }
}

/** The tag was made; that it cannot be read any more is no failure of making it. */
async function foundAgain(
  server: Connection,
  repo: GitRepo,
  { name, id }: GitTag,
  options?: CallOptions,
): Promise<GitTag | undefined> {
  try {
    const found = await findTag(server, repo, name, options);
    return found?.id === id ? found : undefined;
  } catch (error) {
    if (error instanceof GitError) return undefined;
    throw error;
  }
}

export async function deleteTag(
  server: Connection,
  repo: GitRepo,
  request: DeleteTag,
  options?: CallOptions,
): Promise<void> {
  const { name, user, expectedOldId = "" } = request;
  checkNotEmpty("name", name);
  checkExpectedOfExisting(expectedOldId);
  try {
    const { preReceiveError } = await server.unary(
      userDeleteTag,
      {
        repository: repositoryMessage(repo),
        tagName: bytesOf(name),
        user: userMessage(user),
        expectedOldOid: expectedOldId,
      },
      options,
      { effect: expectedOldId === "" ? "change" : "conditional-change" },
    );
    if (preReceiveError === "") return;
    const detail = { kind: "custom_hook", hookOutput: preReceiveError };
    throw gitError(preReceiveError, { code: "PERMISSION_DENIED", detail });
  } catch (error) {
    // A tag that is not there does not meet the precondition, in the protocol's view.
    if (error instanceof ConflictError && /not found/.test(error.message)) throw as(error, NotFoundError);
    throw namingReference(error, `refs/tags/${name}`, expectedOldId);
  }
}

export async function findTag(
  server: Connection,
  repo: GitRepo,
  name: string,
  options?: CallOptions,
): Promise<GitTag | null> {
  checkNotEmpty("name", name);
  const request = { repository: repositoryMessage(repo), tagName: bytesOf(name) };
  try {
    const { tag } = await server.unary(methods.findTag, request, options);
    const found = tag === undefined ? undefined : tagOf(tag);
    // Some servers take the name for a pattern.
    return found === undefined || found.name !== name ? null : found;
  } catch (error) {
    return nullIfMissing(server, repo, error, options);
  }
}

export async function listTags(server: Connection, repo: GitRepo, options?: CallOptions): Promise<GitTag[]> {
  const request = { repository: repositoryMessage(repo) };
  const { tags } = await server.collect(methods.findAllTags, request, options, () => {
    const tags: GitTag[] = [];
    return {
      tags,
      take(message: FindAllTagsResponse) {
        for (const tag of message.tags) tags.push(tagOf(tag));
      },
    };
  });
  return tags;
}
