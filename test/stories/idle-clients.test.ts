import { describe, expect, test } from "bun:test";
import { OperationService } from "../../src/transports/api/gitaly/generated/operations_pb.ts";
import { RefService } from "../../src/transports/api/gitaly/generated/ref_pb.ts";
import { TestClient } from "../transports/grpc/grpc-client.ts";
import { startServer } from "../support/running-server.ts";
import { storyClient, USER } from "../support/story-client.ts";

const IDLE = 5;

describe("idle clients", () => {
  test("merges that nobody confirms keep nobody else from the repository", async () => {
    // More of them than requests that may run at once; and whoever had to wait would fail at once.
    const env = { HOLDFAST_REPOSITORY_REQUESTS_MAX: "2", HOLDFAST_REQUEST_WAIT_MS: "0" };
    await using server = await startServer({ env });
    const client = storyClient(server);
    const repository = await client.createRepository("waiting");
    await client.commit(repository, "main", { "a.txt": "a\n" });
    const side = await client.commit(repository, "side", { "b.txt": "b\n" }, "main");
    const idle = new TestClient(Number(server.addresses["grpc"]!.split(":")[1]));
    for (let n = 0; n < IDLE; n++) {
      const merge = idle.duplex(OperationService.method.userMergeBranch);
      merge.on("error", () => undefined);
      const announced = Promise.withResolvers<string>();
      merge.on("data", ({ commitId }: { commitId: string }) => announced.resolve(commitId));
      merge.write({
        repository,
        user: USER,
        branch: Buffer.from("main"),
        commitId: side,
        message: Buffer.from(`Merge ${n}\n`),
      });
      expect(await announced.promise).toHaveLength(40);
    }
    const { branch } = await client.unary(RefService.method.findBranch, { repository, name: Buffer.from("main") });
    expect(branch?.targetCommit?.id).toHaveLength(40);
    idle.close();
    client.close();
  });
});
