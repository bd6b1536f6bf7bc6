import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { encodeUtf8, toByteString } from "../../../../domain/bytes.ts";
import type { Commit } from "../../../../domain/commit.ts";
import { hasReason } from "../../../../domain/errors.ts";
import { listCommits } from "../../../../operations/index.ts";
import { callerOf } from "../caller.ts";
import type { GitalyDoor } from "../door.ts";
import {
  type CommitService,
  ListCommitsRequest_Order as Order,
  type ListCommitsRequest,
} from "../generated/commit_pb.ts";
import type { MethodHandler } from "../../grpc/handler.ts";
import { StatusCode } from "../../grpc/status-code.ts";
import { GrpcStatusError } from "../../grpc/status-error.ts";
import { invalidArgument } from "../invalid-argument.ts";
import { repositoryArgument } from "../repository-argument.ts";
import { problemOfRevision } from "../validate-revision.ts";
import { textOf } from "../write-errors.ts";
import { chunked } from "../wire/chunked.ts";
import { writeCursor } from "../wire/write-cursor.ts";
import { writeGitCommit } from "../wire/write-git-commit.ts";
import type { MessageWriter } from "../wire/message-writer.ts";

const ORDERS = { [Order.NONE]: "default", [Order.TOPO]: "topo", [Order.DATE]: "date" } as const;

/** CommitService.ListCommits */
export function listCommitsHandler(door: GitalyDoor): MethodHandler<typeof CommitService.method.listCommits> {
  return async function* (request, call) {
    const revisions = request.revisions.map(encodeUtf8);
    const problem = problemOfRevisions(revisions);
    if (problem !== undefined) throw await invalidArgument(door, call, request.repository, problem);
    const input = inputOf(request, revisions);
    const { limit } = input;
    // A page is asked for with one commit more, which tells whether there is a next page.
    const asked = limit === undefined ? input : { ...input, limit: limit + 1 };
    try {
      const page = new CommitPage(door.engine.run(listCommits, asked, callerOf(call)), limit);
      yield* chunked(
        page,
        writeCommit,
        (writer, { last }) => last && page.next !== "" && writeCursor(writer, 2, page.next),
      );
    } catch (error) {
      throw statusOf(error) ?? error;
    }
  };
}

/** The commits of a page, and after them the token of the next one. */
class CommitPage implements AsyncIterable<readonly Commit[]> {
  readonly #found: AsyncIterable<readonly Commit[]>;
  readonly #limit: number;
  /** Empty while the page has not ended, or when nothing follows it. */
  next = "";

  constructor(found: AsyncIterable<readonly Commit[]>, limit = Infinity) {
    this.#found = found;
    this.#limit = limit;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly Commit[]> {
    let left = this.#limit;
    let lastOid = "";
    for await (const commits of this.#found) {
      if (left > 0) yield commits.length > left ? commits.slice(0, left) : commits;
      if (commits.length > left) this.next = commits[left - 1]?.oid ?? lastOid;
      left = Math.max(0, left - commits.length);
      lastOid = commits.at(-1)?.oid ?? lastOid;
    }
  }
}

function problemOfRevisions(revisions: readonly string[]): string | undefined {
  if (revisions.length === 0) return "missing revisions";
  for (const revision of revisions) {
    const problem = problemOfRevision(revision, { pseudoAllowed: true });
    if (problem !== undefined) return `invalid revision: ${problem}`;
  }
  return undefined;
}

function inputOf(request: ListCommitsRequest, revisions: string[]) {
  const page = request.paginationParams;
  const patterns = request.commitMessagePatterns;
  return {
    repository: repositoryArgument(request.repository),
    revisions,
    order: ORDERS[request.order] ?? "default",
    firstParent: request.firstParent,
    noWalk: request.disableWalk,
    reverse: request.reverse,
    ignoreCase: request.ignoreCase,
    ...(request.maxParents === 0 ? {} : { maxParents: request.maxParents }),
    ...(request.after === undefined ? {} : { afterSeconds: secondsOf(request.after) }),
    ...(request.before === undefined ? {} : { beforeSeconds: secondsOf(request.before) }),
    ...(request.author.length === 0 ? {} : { author: toByteString(request.author) }),
    ...(patterns.length === 0 ? {} : { messagePatterns: patterns.map(toByteString) }),
    ...(request.paths.length === 0 ? {} : { paths: request.paths.map(toByteString) }),
    ...(request.skip === 0 ? {} : { skip: request.skip }),
    // A limit of 0 is none here, unlike in lists of references.
    ...(page === undefined || page.limit <= 0 ? {} : { limit: page.limit }),
    ...(page === undefined || page.pageToken === "" ? {} : { after: page.pageToken }),
  };
}

function secondsOf(timestamp: Timestamp): number {
  return Number(timestamp.seconds);
}

function writeCommit(writer: MessageWriter, commit: Commit): void {
  writeGitCommit(writer, 1, commit);
}

function statusOf(error: unknown): GrpcStatusError | undefined {
  if (!hasReason(error, "revision_not_found")) return undefined;
  const text = `listing commits: revision not found: ${JSON.stringify(textOf(error.details.revision))}`;
  return new GrpcStatusError(StatusCode.INTERNAL, text, { cause: error });
}
