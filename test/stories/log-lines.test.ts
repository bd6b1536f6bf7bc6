import { describe, expect, test } from "bun:test";
import { RefService } from "../../src/transports/api/gitaly/generated/ref_pb.ts";
import { failure, TestClient } from "../transports/grpc/grpc-client.ts";
import { startServer } from "../support/running-server.ts";
import { storyClient } from "../support/story-client.ts";

describe("the log", () => {
  test("has one line for each request, with its outcome, also for those that are refused", async () => {
    await using server = await startServer();
    const client = storyClient(server);
    const raw = new TestClient(Number(server.addresses["grpc"]!.split(":")[1]));
    const repository = await client.createRepository("logged");
    await client.unary(RefService.method.findBranch, { repository, name: Buffer.from("none") });
    await failure(client.unary(RefService.method.findBranch, { repository }));
    await failure(raw.raw("/gitaly.RefService/NoSuchMethod", Buffer.alloc(0)));
    client.close();
    raw.close();
    expect(await server.stop()).toBe(0);
    const lines = server
      .log()
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as { operation?: string; code?: string })
      .filter(({ operation }) => operation !== undefined);
    expect(lines.map(({ operation, code }) => [operation, code])).toEqual([
      ["createRepository", "ok"],
      ["findBranch", "ok"],
      ["findBranch", "invalid_argument"],
      ["/gitaly.RefService/NoSuchMethod", "Unimplemented"],
    ]);
  });
});
