import type { Authenticator } from "../../../src/contract/authenticator.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { operations } from "../../../src/operations/index.ts";
import { BodyBudget } from "../../../src/transports/api/derived/body-budget.ts";
import { JsonBodies } from "../../../src/transports/api/derived/json-bodies.ts";
import { docsDoor } from "../../../src/transports/api/rest/docs-door.ts";
import { restDoor } from "../../../src/transports/api/rest/rest-door.ts";
import { startHttpServer } from "../../../src/transports/http/http-server.ts";

/** The largest body that the tests' door takes. */
export const BODY_BYTES_MAX = 1024 * 1024;

/** The REST door on a port of its own. */
export interface RestListener {
  readonly address: string;
  /** What was thrown that is no OperationError; a test expects none. */
  readonly bugs: unknown[];
  close(): Promise<void>;
}

export function listenRest(engine: Engine, authenticator: Authenticator): RestListener {
  const bugs: unknown[] = [];
  const onBug = (error: unknown) => void bugs.push(error);
  const bodies = new JsonBodies(BODY_BYTES_MAX, new BodyBudget({ bytesMax: 8 * BODY_BYTES_MAX, waitMaxMs: 1000 }));
  let requests = 0;
  const server = startHttpServer({
    host: "127.0.0.1",
    port: 0,
    doors: [restDoor({ engine, operations, bodies, onBug }), docsDoor({ operations, version: "0" })],
    authenticator,
    newRequestId: () => `test-${++requests}`,
    onRefused: () => {},
    onBug,
  });
  return { address: `http://127.0.0.1:${server.port}`, bugs, close: () => server.close(1000) };
}
