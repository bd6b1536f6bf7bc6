import { describe, expect, test } from "bun:test";
import { OperationService } from "../../src/transports/api/gitaly/generated/operations_pb.ts";
import { CommitService } from "../../src/transports/api/gitaly/generated/commit_pb.ts";
import { RefService } from "../../src/transports/api/gitaly/generated/ref_pb.ts";
import { ControlClient } from "../../src/transports/control/client.ts";
import { storyClient, USER } from "../support/story-client.ts";
import { startServer } from "../support/running-server.ts";

const SWITCHES = 20;
const IN_FLIGHT = 16;

describe("switchBackend", () => {
  test("20 switches under 16 calls in flight: no call fails, both backends work", async () => {
    await using server = await startServer();
    const client = storyClient(server);
    const repository = await client.createRepository("switched");
    const oid = await client.commit(repository, "main", { "dir/a.txt": "content\n" });
    const control = new ControlClient(server.data);
    const failures: unknown[] = [];
    let made = 0;
    let switching = true;
    const asks = [
      () => client.unary(CommitService.method.findCommit, { repository, revision: Buffer.from("main") }),
      () =>
        client.stream(CommitService.method.treeEntry, {
          repository,
          revision: Buffer.from(oid),
          path: Buffer.from("dir/a.txt"),
        }),
      () => client.stream(RefService.method.listRefs, { repository, patterns: [Buffer.from("refs/")] }),
      (n: number) =>
        client.unary(OperationService.method.userCreateBranch, {
          repository,
          user: USER,
          branchName: Buffer.from(`branch-${n}`),
          startPoint: Buffer.from("main"),
        }),
    ];
    const worker = async (which: number) => {
      while (switching) {
        const n = made++;
        await asks[which % asks.length]!(n).catch((error: unknown) => failures.push(error));
      }
    };
    const workers = Array.from({ length: IN_FLIGHT }, (_, which) => worker(which));
    const counted: { backend: string; calls: number }[] = [];
    for (let n = 0; n < SWITCHES; n++) {
      const madeBefore = made;
      await control.call("switchBackend", { name: n % 2 === 0 ? "shell" : "libgit2" });
      // Calls begin and end on either side of every switch.
      while (made < madeBefore + IN_FLIGHT)
        await client.unary(CommitService.method.findCommit, { repository, revision: Buffer.from("main") });
      const { current, calls } = await control.call<{ current: string; calls: Record<string, number> }>(
        "showBackend",
        {},
      );
      counted.push({ backend: current, calls: calls[current] ?? 0 });
    }
    switching = false;
    await Promise.all(workers);
    expect(failures).toEqual([]);
    for (const backend of ["libgit2", "shell"]) {
      const calls = counted.filter((count) => count.backend === backend).map((count) => count.calls);
      expect(calls).toHaveLength(SWITCHES / 2);
      for (const [at, count] of calls.entries()) if (at > 0) expect(count).toBeGreaterThan(calls[at - 1]!);
    }
    client.close();
  }, 60_000);
});
