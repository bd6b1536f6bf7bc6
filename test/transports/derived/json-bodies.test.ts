import { test } from "bun:test";
import { connect } from "node:net";
import { operations } from "../../../src/operations/index.ts";
import { BodyBudget } from "../../../src/transports/api/derived/body-budget.ts";
import { JsonBodies } from "../../../src/transports/api/derived/json-bodies.ts";
import { readInput } from "../../../src/transports/api/rest/read-input.ts";
import { restRoutes } from "../../../src/transports/api/rest/rest-route.ts";
import { failure } from "../../support/read-story.ts";

const BYTES_MAX = 1024 * 1024;
const bodies = new JsonBodies(BYTES_MAX, new BodyBudget({ bytesMax: BYTES_MAX, waitMaxMs: 1000 }));
const deletion = restRoutes(operations).find(({ operation }) => operation.name === "removeRepository")!;

/** Sends a beginning, and goes away once the request has been seen. */
async function brokenOff(head: string, read: (request: Request) => Promise<unknown>): Promise<unknown> {
  const outcome = Promise.withResolvers<unknown>();
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      socket.destroy();
      outcome.resolve(await failure(read(request), "canceled"));
      return new Response();
    },
  });
  const socket = connect(server.port!, "127.0.0.1");
  socket.write(head.replace("Host", "Host: localhost\r\nContent-Type: application/json"));
  try {
    return await outcome.promise;
  } finally {
    await server.stop(true);
  }
}

const HEADS = {
  "a small body": 'POST / HTTP/1.1\r\nHost\r\nContent-Length: 100\r\n\r\n{"a":',
  "a large body": 'POST / HTTP/1.1\r\nHost\r\nContent-Length: 900000\r\n\r\n{"a":',
  "a body of unknown length": 'POST / HTTP/1.1\r\nHost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"a":\r\n',
};

for (const [what, head] of Object.entries(HEADS))
  test(`${what} whose client goes away is canceled, not a bug`, () =>
    brokenOff(head, (request) => bodies.read(request, bodies.room(), request.signal)));

test("what a DELETE sends along, and does not end, is canceled, not a bug", () =>
  brokenOff("DELETE /v1/repos/a HTTP/1.1\r\nHost\r\nContent-Length: 100\r\n\r\n", async (request) =>
    readInput(deletion, request, undefined as never, () => Promise.resolve(undefined)),
  ));
