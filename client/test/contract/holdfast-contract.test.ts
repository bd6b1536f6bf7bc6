import { afterAll, beforeAll, describe, test } from "bun:test";
import { type RunningServer, startServer } from "../../../test/support/running-server.ts";
import { GitalyClient } from "../../src/index.ts";
import { registerContract } from "../../src/testing.ts";
import { freshContext } from "../support/fresh-context.ts";

for (const backend of ["libgit2", "shell"]) {
  describe(`Holdfast on ${backend}`, () => {
    let server: RunningServer;
    let client: GitalyClient;

    beforeAll(async () => {
      server = await startServer({ env: { GIT_BACKEND: backend } });
      client = new GitalyClient({ address: server.addresses["grpc"] ?? "" });
    });

    afterAll(async () => {
      client.close();
      await server[Symbol.asyncDispose]();
    });

    registerContract({ describe, test }, () => freshContext(client), { name: "GitalyClient" });
  });
}
