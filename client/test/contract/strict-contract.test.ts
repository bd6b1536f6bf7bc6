import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type RunningServer, startServer } from "../../../test/support/running-server.ts";
import { GitalyClient } from "../../src/index.ts";
import { registerContract } from "../../src/testing.ts";
import { freshContext } from "../support/fresh-context.ts";
import { type Manner, startStrictGitaly, type StrictGitaly } from "../support/strict-gitaly.ts";

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

    test("finds the ids it insists on also where the application gives none", async () => {
      const { repo, user } = freshContext(client);
      const { storage, relativePath } = repo;
      const before = strict.refused.length;
      await client.createRepo({ storage, relativePath });
      const actions = [{ type: "create", path: "a.txt", content: "a\n" }] as const;
      const request = { branch: "main", message: "First", user, actions };
      const { commitId } = await client.commitFiles({ storage, relativePath }, request);
      expect((await client.findBranch({ storage, relativePath }, "main"))?.commit.id).toBe(commitId);
      expect(strict.refused.slice(before)).toEqual([]);
    });
  });
}
