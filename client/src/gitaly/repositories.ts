import type { CallOptions } from "../call-options.ts";
import type { GitRepo } from "../domain/repo.ts";
import type { CreateRepo } from "../requests.ts";
import type { Connection } from "./connection.ts";
import { RepositoryService } from "./generated/repository_pb.ts";
import { ObjectFormat } from "./generated/shared_pb.ts";
import { repositoryMessage } from "./message-shape.ts";
import { bytesOf } from "./text.ts";

const { createRepository, repositoryExists, removeRepository } = RepositoryService.method;

const FORMATS = {
  sha1: ObjectFormat.SHA1,
  sha256: ObjectFormat.SHA256,
} as const;

export async function createRepo(
  server: Connection,
  repo: GitRepo,
  request: CreateRepo,
  options?: CallOptions,
): Promise<void> {
  const { defaultBranch = "", objectFormat } = request;
  await server.unary(
    createRepository,
    {
      repository: repositoryMessage(repo),
      defaultBranch: bytesOf(defaultBranch),
      ...(objectFormat === undefined ? {} : { objectFormat: FORMATS[objectFormat] }),
    },
    options,
    { effect: "change" },
  );
}

export async function repoExists(server: Connection, repo: GitRepo, options?: CallOptions): Promise<boolean> {
  const { exists } = await server.unary(repositoryExists, { repository: repositoryMessage(repo) }, options);
  return exists;
}

export async function removeRepo(server: Connection, repo: GitRepo, options?: CallOptions): Promise<void> {
  await server.unary(removeRepository, { repository: repositoryMessage(repo) }, options, { effect: "change" });
}
