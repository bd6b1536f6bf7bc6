import type { Authenticator } from "../../../src/contract/authenticator.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { operations } from "../../../src/operations/index.ts";
import { BodyBudget } from "../../../src/transports/api/derived/body-budget.ts";
import { JsonBodies } from "../../../src/transports/api/derived/json-bodies.ts";
import { GRAPHQL_BODY_BYTES_MAX, graphqlDoor } from "../../../src/transports/api/graphql/graphql-door.ts";
import { queriesOf } from "../../../src/transports/api/graphql/query-runner.ts";
import { startHttpServer } from "../../../src/transports/http/http-server.ts";
import { EXAMPLE_TOKEN } from "../../support/example-world.ts";

/** What GraphQL answers. */
export interface GraphqlAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly GraphqlProblem[];
}

export interface GraphqlProblem {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: {
    readonly code: string;
    readonly reason: string;
    readonly details: unknown;
    readonly request_id: string;
  };
}

/** The GraphQL door on a port of its own. */
export interface GraphqlListener {
  readonly address: string;
  /** What was thrown that is no OperationError; a test expects none. */
  readonly bugs: unknown[];
  /** Asks a query as the administrator of the examples, or as headers say. */
  ask(
    query: string,
    variables?: object,
    headers?: Readonly<Record<string, string | undefined>>,
  ): Promise<GraphqlAnswer>;
  close(): Promise<void>;
}

export function listenGraphql(engine: Engine, authenticator: Authenticator): GraphqlListener {
  const bugs: unknown[] = [];
  const onBug = (error: unknown) => void bugs.push(error);
  const budget = new BodyBudget({ bytesMax: 8 * GRAPHQL_BODY_BYTES_MAX, waitMaxMs: 1000 });
  const bodies = new JsonBodies(GRAPHQL_BODY_BYTES_MAX, budget);
  const queries = queriesOf(operations);
  let requests = 0;
  const server = startHttpServer({
    host: "127.0.0.1",
    port: 0,
    doors: [graphqlDoor({ engine, queries, bodies, onBug })],
    authenticator,
    newRequestId: () => `test-${++requests}`,
    onRefused: () => {},
    onBug,
  });
  const address = `http://127.0.0.1:${server.port}/graphql`;
  return {
    address,
    bugs,
    async ask(query, variables = {}, headers = {}) {
      const response = await fetch(address, {
        method: "POST",
        headers: present({ "content-type": "application/json", authorization: `Bearer ${EXAMPLE_TOKEN}`, ...headers }),
        body: JSON.stringify({ query, variables }),
      });
      const answer = (await response.json()) as Pick<GraphqlAnswer, "data" | "errors">;
      return { ...answer, status: response.status, headers: response.headers };
    },
    close: () => server.close(1000),
  };
}

/** Headers without those that are left out. */
const present = (headers: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter((each): each is [string, string] => each[1] !== undefined));
