import type { CallOptions } from "../call-options.ts";
import type { GitBranch } from "../domain/branch.ts";
import type { GitRepo } from "../domain/repo.ts";
import { ConflictError, GitError, NotFoundError } from "../errors.ts";
import type { CreateBranch, DeleteBranch } from "../requests.ts";
import { branchOf } from "./branch-conversion.ts";
import type { Connection } from "./connection.ts";
import { as, gitError } from "./error-of-status.ts";
import { OperationService } from "./generated/operations_pb.ts";
import { type FindLocalBranchesResponse, RefService } from "./generated/ref_pb.ts";
import { repositoryMessage, userMessage } from "./message-shape.ts";
import { blameRevision, nullIfMissing } from "./missing.ts";
import { namingReference } from "./reference-conflict.ts";
import { bytesOf, textOf } from "./text.ts";
import { checkId, checkNotEmpty, checkShortName, invalid, isZeroId } from "./validate.ts";

const { userCreateBranch, userDeleteBranch } = OperationService.method;
const methods = RefService.method;

export async function createBranch(
  server: Connection,
  repo: GitRepo,
  request: CreateBranch,
  options?: CallOptions,
): Promise<GitBranch> {
  const { name, startPoint, user } = request;
  checkShortName("name", name);
  checkNotEmpty("startPoint", startPoint);
  try {
    const { branch } = await server.unary(
      userCreateBranch,
      {
        repository: repositoryMessage(repo),
        branchName: bytesOf(name),
        user: userMessage(user),
        startPoint: bytesOf(startPoint),
      },
      options,
      { effect: "change" },
    );
    const created = branchOf(branch);
    if (created === undefined) throw gitError("the server answered without the branch", { code: "INTERNAL" });
    return { ...created, name };
  } catch (error) {
    if (error instanceof ConflictError && !isAboutReference(error)) {
      throw await blameRevision(server, repo, error, [startPoint], options);
    }
    throw namingReference(error, `refs/heads/${name}`);
  }
}

export async function deleteBranch(
  server: Connection,
  repo: GitRepo,
  request: DeleteBranch,
  options?: CallOptions,
): Promise<void> {
  const { name, user, expectedOldId = "" } = request;
  checkNotEmpty("name", name);
  checkExpectedOfExisting(expectedOldId);
  try {
    await server.unary(
      userDeleteBranch,
      {
        repository: repositoryMessage(repo),
        branchName: bytesOf(name),
        user: userMessage(user),
        expectedOldOid: expectedOldId,
      },
      options,
      { effect: expectedOldId === "" ? "change" : "conditional-change" },
    );
  } catch (error) {
    // A branch that is not there does not meet the precondition, in the protocol's view.
    if (error instanceof ConflictError && /not found/.test(error.message)) throw as(error, NotFoundError);
    throw error;
  }
}

export async function findBranch(
  server: Connection,
  repo: GitRepo,
  name: string,
  options?: CallOptions,
): Promise<GitBranch | null> {
  checkNotEmpty("name", name);
  const request = { repository: repositoryMessage(repo), name: bytesOf(name) };
  try {
    const { branch } = await server.unary(methods.findBranch, request, options);
    const found = branchOf(branch);
    return found === undefined ? null : { ...found, name };
  } catch (error) {
    // `a` where there is `a/b` alone.
    if (error instanceof GitError && error.code === "INVALID_ARGUMENT" && /ambiguous/.test(error.message)) return null;
    return nullIfMissing(server, repo, error, options);
  }
}

export async function listBranches(server: Connection, repo: GitRepo, options?: CallOptions): Promise<GitBranch[]> {
  const request = { repository: repositoryMessage(repo) };
  const { branches } = await server.collect(methods.findLocalBranches, request, options, () => {
    const branches: GitBranch[] = [];
    return {
      branches,
      take(message: FindLocalBranchesResponse) {
        for (const each of message.localBranches) {
          const branch = branchOf(each);
          if (branch !== undefined) branches.push(branch);
        }
      },
    };
  });
  return branches;
}

/** The short name of what HEAD leads to, whether it exists or not; undefined when HEAD leads to no branch. */
export async function defaultBranch(
  server: Connection,
  repo: GitRepo,
  options?: CallOptions,
): Promise<string | undefined> {
  const request = { repository: repositoryMessage(repo), headOnly: true };
  const name = textOf((await server.unary(methods.findDefaultBranchName, request, options)).name);
  return name === "" ? undefined : name.replace(/^refs\/heads\//, "");
}

/** For what has to exist: zeros would say that it must not. */
export function checkExpectedOfExisting(expectedOldId: string): void {
  if (expectedOldId === "") return;
  checkId("expectedOldId", expectedOldId);
  if (isZeroId(expectedOldId)) throw invalid("expectedOldId is zero for something that has to exist");
}

function isAboutReference({ detail, message }: GitError): boolean {
  return detail !== undefined || /reference update|already exists/i.test(message);
}
