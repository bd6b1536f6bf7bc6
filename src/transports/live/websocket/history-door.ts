import type { TSchema } from "@sinclair/typebox";
import { jsonCodec } from "../../../contract/json-codec.ts";
import type { Operation } from "../../../contract/operation.ts";
import type { Principal } from "../../../contract/principal.ts";
import { OperationError } from "../../../domain/errors.ts";
import type { Engine } from "../../../engine/engine.ts";
import { watchBlame, watchLog } from "../../../operations/index.ts";
import { type DerivedField, derivedName } from "../../api/derived/derived-field.ts";
import { percentDecode, readQuery } from "../../api/derived/query.ts";
import { isRepository, repositoryNamed } from "../../api/derived/repository-field.ts";
import { inRequestWords } from "../../api/derived/request-words.ts";
import type { HttpCall, HttpDoor } from "../../http/http-door.ts";
import type { LivePlaces } from "../../http/live-places.ts";
import { type Follow, HistoryConnection, type HistoryServices } from "./history-connection.ts";
import { CLOSE } from "./live-limits.ts";

export interface HistoryDoorOptions extends HistoryServices {
  readonly engine: Engine;
  readonly places: LivePlaces;
}

/** An operation that is followed over a socket of its own. */
interface Followed {
  readonly operation: Operation<never, never, "watch">;
  readonly fields: ReadonlyMap<string, DerivedField>;
  encode(output: unknown): unknown;
}

const ADDRESS = /^\/v1\/repos\/([^/]+)\/(log|blame)\/live$/;
/** A page of a browser cannot send a header: it says so in the address, and sends its token as the first message. */
const AUTHENTICATE = /[?&]authenticate=true(?=&|$)/;

/** `/v1/repos/:repo/log/live` and `/v1/repos/:repo/blame/live`: a log or a blame over a WebSocket, as it is found and as it grows. */
export class HistoryDoor {
  readonly #options: HistoryDoorOptions;
  readonly #followed: Readonly<Record<string, Followed>> = { log: followed(watchLog), blame: followed(watchBlame) };
  readonly #connections = new Set<HistoryConnection>();
  #isClosing = false;

  constructor(options: HistoryDoorOptions) {
    this.#options = options;
  }

  readonly answer: HttpDoor = (request, call) => {
    const [, repo, kind] = ADDRESS.exec(call.url.pathname) ?? [];
    return repo === undefined || kind === undefined
      ? undefined
      : this.#open(request, call, repo, this.#followed[kind]!);
  };

  /** Says goodbye to everybody. */
  close(): void {
    this.#isClosing = true;
    for (const connection of this.#connections) connection.end(CLOSE.shuttingDown, "the server is shutting down");
  }

  async #open(request: Request, call: HttpCall, repo: string, what: Followed): Promise<Response> {
    const { method } = request;
    if (method === "OPTIONS") return new Response(null, { status: 204, headers: { allow: "GET, OPTIONS" } });
    if (method !== "GET") throw new OperationError("method_not_allowed", { method, allowed: ["GET", "OPTIONS"] });
    if (this.#isClosing) throw new OperationError("shutting_down", {});
    const follow = this.#follow(call, repo, what);
    const principal = await principalOf(request, call);
    const leave = this.#options.places.enter(principal, call.peer);
    const connection: HistoryConnection = new HistoryConnection(this.#options, call.peer, principal, follow, () => {
      leave();
      this.#connections.delete(connection);
    });
    try {
      const response = call.upgrade(connection);
      this.#connections.add(connection);
      return response;
    } catch (error) {
      leave();
      throw error;
    }
  }

  /** What the address asks for. What is wrong with it is told over the socket: a page of a browser sees nothing else. */
  #follow({ url: { search } }: HttpCall, repo: string, { operation, fields, encode }: Followed): Follow {
    const { engine } = this.#options;
    return async function* (caller) {
      try {
        const name = Buffer.from(percentDecode(repo, "path"), "latin1").toString("utf8");
        const asked = search.replace(AUTHENTICATE, "");
        const input = {
          ...readQuery(asked.replace(/^&/, "?"), fields),
          repository: repositoryNamed(name, "repo", engine),
        };
        for await (const told of engine.run(operation, input as never, caller)) yield encode(told) as object;
      } catch (error) {
        throw error instanceof OperationError
          ? inRequestWords(error, operation as unknown as Operation, "snake")
          : error;
      }
    };
  }
}

function followed(operation: object): Followed {
  const { input, output } = operation as Operation;
  const fields = new Map<string, DerivedField>();
  for (const [field, schema] of Object.entries(input["properties"] as Record<string, TSchema>)) {
    const name = derivedName(field, schema, "snake");
    if (!isRepository(schema)) fields.set(name, { field, name, schema });
  }
  const codec = jsonCodec(output, "snake");
  return { operation: operation as Followed["operation"], fields, encode: (told) => codec.encode(told) };
}

/** Who asks; undefined for a client that says so in its first message, because it must or wants to. */
async function principalOf(request: Request, call: HttpCall): Promise<Principal | undefined> {
  if (AUTHENTICATE.test(call.url.search)) return undefined;
  try {
    return await call.principal();
  } catch (error) {
    if (request.headers.get("authorization") === null) return undefined;
    throw error;
  }
}
