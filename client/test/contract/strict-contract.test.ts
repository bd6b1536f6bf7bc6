import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { create, type DescMethod } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { type RunningServer, startServer } from "../../../test/support/running-server.ts";
import { OperationService } from "../../src/gitaly/generated/operations_pb.ts";
import { RepositoryService } from "../../src/gitaly/generated/repository_pb.ts";
import { GitalyClient } from "../../src/index.ts";
import { registerContract } from "../../src/testing.ts";
import { freshContext } from "../support/fresh-context.ts";
import { type Manner, startStrictGitaly, type StrictGitaly } from "../support/strict-gitaly.ts";
import { strictRefusal } from "../support/strict-requests.ts";

const MANNERS: readonly Manner[] = [
  { names: "full", missing: "not-found" },
  { names: "short", missing: "empty" },
];

for (const manner of MANNERS) {
  describe(`a strict server with ${manner.names} names, what is missing ${manner.missing}`, () => {
    let holdfast: RunningServer;
    let strict: StrictGitaly;
    let client: GitalyClient;

    beforeAll(async () => {
      holdfast = await startServer();
      strict = await startStrictGitaly(holdfast.addresses["grpc"] ?? "", manner);
      client = new GitalyClient({ address: strict.address });
    });

    afterAll(async () => {
      client.close();
      await strict[Symbol.asyncDispose]();
      await holdfast[Symbol.asyncDispose]();
    });

    registerContract({ describe, test }, () => freshContext(client), { name: "GitalyClient" });

    test("has found nothing to refuse in the form of a request", () => {
      expect(strict.refused).toEqual([]);
    });

    test("gets the ids it insists on also where the application gives none", async () => {
      const { repo, user } = freshContext(client);
      const { storage, relativePath } = repo;
      await client.createRepo({ storage, relativePath });
      const actions = [{ type: "create", path: "a.txt", content: "a\n" }] as const;
      const request = { branch: "main", message: "First", user, actions };
      const { commitId } = await client.commitFiles({ storage, relativePath }, request);
      expect((await client.findBranch({ storage, relativePath }, "main"))?.commit.id).toBe(commitId);
      expect(strict.refused).toEqual([]);
    });
  });
}

describe("the strict server", () => {
  const { createRepository } = RepositoryService.method;
  const { userDeleteBranch, userMergeBranch } = OperationService.method;
  const repository = { storageName: "default", relativePath: "a.git", glRepository: "app-1" };
  const user = { glId: "user-1", name: Buffer.from("A"), email: Buffer.from("a@example.org") };

  test.each([
    ["without gl_repository", createRepository, { repository: { ...repository, glRepository: "" } }],
    ["without a repository", createRepository, {}],
    ["without gl_id", userDeleteBranch, { repository, user: { ...user, glId: "" } }],
    ["without a user", userDeleteBranch, { repository }],
    ["with zeros for an expected id", userDeleteBranch, { repository, user, expectedOldOid: "0".repeat(40) }],
    ["that applies a merge nobody has seen", userMergeBranch, { repository, user, apply: true }],
  ] as const)("refuses a request %s", (_name, method: DescMethod, request) => {
    expect(strictRefusal(method, create(method.input, request), 0)?.code).toBe(status.INVALID_ARGUMENT);
  });

  test("takes one that has all", () => {
    const request = create(userDeleteBranch.input, { repository, user, branchName: Buffer.from("topic") });
    expect(strictRefusal(userDeleteBranch, request, 0)).toBeUndefined();
  });
});
