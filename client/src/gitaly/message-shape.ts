import { create } from "@bufbuild/protobuf";
import type { GitRepo } from "../domain/repo.ts";
import type { GitUser } from "../domain/user.ts";
import { type Repository, RepositorySchema, type User, UserSchema } from "./generated/shared_pb.ts";
import { bytesOf } from "./text.ts";
import { checkRepo, checkUser } from "./validate.ts";

/** The repository as requests name it. Servers whose hooks insist on `gl_repository` get one always. */
export function repositoryMessage(repo: GitRepo): Repository {
  checkRepo(repo);
  return create(RepositorySchema, {
    storageName: repo.storage,
    relativePath: repo.relativePath,
    glRepository: repo.glRepository ?? repo.relativePath,
  });
}

export function userMessage(user: GitUser): User {
  checkUser(user);
  return create(UserSchema, {
    glId: user.glId,
    name: bytesOf(user.name),
    email: bytesOf(user.email),
    glUsername: user.glUsername ?? "",
    timezone: user.timezone ?? "",
  });
}
