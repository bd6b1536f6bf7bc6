import type { Caller, Principal } from "../../../contract/principal.ts";
import { OperationError } from "../../../domain/errors.ts";
import type { Engine } from "../../../engine/engine.ts";
import { encodePacket, FLUSH } from "../../../wire/pkt-line.ts";
import { protocolVersionOf } from "../../../wire/protocol-version.ts";
import type { HttpCall, HttpDoor } from "../../http/http-door.ts";
import { answerStream } from "./answer-stream.ts";
import { type GitAddress, gitAddressOf, placesOf } from "./git-address.ts";
import { refusal, toldTo } from "./refusal.ts";
import { requestParts } from "./request-parts.ts";
import { converse, type GitService } from "./conversation.ts";
import { promptPieces } from "./prompt-pieces.ts";
import { Silence } from "./silence.ts";

/** What a client negotiates a fetch with; http-backend takes 10 MiB. */
const FETCH_REQUEST_BYTES_MAX = 32 * 1024 * 1024;
/** A client that sends or takes nothing for so long has gone. */
const SILENCE_MAX_MS = 300_000;

/** Nobody may keep what a repository says: as git http-backend. */
const NOT_CACHED: Readonly<Record<string, string>> = {
  expires: "Fri, 01 Jan 1980 00:00:00 GMT",
  pragma: "no-cache",
  "cache-control": "no-cache, max-age=0, must-revalidate",
};

export interface SmartHttpOptions {
  readonly engine: Engine;
  /** Largest push, as it comes and inflated. */
  readonly pushBytesMax: number;
  /** Told what was thrown that is not an OperationError: a bug. */
  readonly onBug: (error: unknown, requestId: string) => void;
}

/** What is asked of a repository: the service, and whether git only wants to know what it has. */
interface Asked {
  readonly service: GitService;
  readonly mode: "advertise" | "stateless";
}

/** Git over HTTP (gitprotocol-http(5)): `/git/alice/myrepo` and `/alice/myrepo.git`, protocol versions 0 to 2. */
export function smartHttpDoor(options: SmartHttpOptions): HttpDoor {
  return (request, call) => {
    const address = gitAddressOf(call.url.pathname);
    return address === undefined ? undefined : new Exchange(options, request, call).answer(address);
  };
}

/** One request and its answer. */
class Exchange {
  readonly #options: SmartHttpOptions;
  readonly #request: Request;
  readonly #call: HttpCall;
  #principal: Principal | undefined;
  /** The engine has the call: it writes the line of the log. */
  #running = false;

  constructor(options: SmartHttpOptions, request: Request, call: HttpCall) {
    this.#options = options;
    this.#request = request;
    this.#call = call;
  }

  async answer(address: GitAddress): Promise<Response> {
    try {
      return await this.#serve(address);
    } catch (error) {
      const { requestId } = this.#call;
      const told = toldTo(this.#principal, error);
      if (!(error instanceof OperationError)) this.#options.onBug(error, requestId);
      else if (!this.#running) this.#call.refused(error);
      return refusal(told, this.#request, requestId);
    }
  }

  async #serve({ path, resource }: GitAddress): Promise<Response> {
    const { method } = this.#request;
    const allowed = resource === "info/refs" || resource === "other" ? ["GET", "HEAD"] : ["POST"];
    if (method === "OPTIONS") return new Response(null, { status: 204, headers: { allow: allowed.join(", ") } });
    if (!allowed.includes(method)) throw new OperationError("method_not_allowed", { method, allowed });
    const asked = this.#asked(resource);
    const places = placesOf(path);
    this.#principal = await this.#call.principal();
    const bytesMax = asked.service === "git-upload-pack" ? FETCH_REQUEST_BYTES_MAX : this.#options.pushBytesMax;
    const parts = asked.mode === "advertise" ? undefined : requestParts(this.#request, bytesMax);
    this.#call.watchTime();
    const gone = new AbortController();
    this.#call.signal.addEventListener("abort", () => gone.abort(), { once: true });
    const silence = new Silence(SILENCE_MAX_MS, () => gone.abort());
    const protocol = this.#request.headers.get("git-protocol") ?? undefined;
    this.#running = true;
    const outputs: AsyncIterator<Uint8Array> = converse(this.#options.engine, {
      ...asked,
      places,
      protocol,
      caller: this.#caller(this.#principal, gone.signal),
      parts: parts && silence.during(parts),
    })[Symbol.asyncIterator]();
    // What fails before the first byte is answered in HTTP's words.
    const prompt = await promptPieces(outputs);
    const pieces = [...headerOf(asked, protocol), ...prompt.pieces];
    const kind = asked.mode === "advertise" ? "advertisement" : "result";
    const headers = { "content-type": `application/x-${asked.service}-${kind}`, ...NOT_CACHED };
    if (method === "HEAD") {
      await outputs.return?.();
      return new Response(null, { headers });
    }
    if (prompt.whole) return new Response(Buffer.concat(pieces), { headers });
    const already = { ...prompt, pieces };
    const body = answerStream(already, outputs, { silence, onFailed: (error) => this.#failed(error) });
    return new Response(body, { headers });
  }

  #asked(resource: GitAddress["resource"]): Asked {
    if (resource === "git-upload-pack" || resource === "git-receive-pack") {
      const expected = `application/x-${resource}-request`;
      const mediaType = this.#request.headers.get("content-type") ?? "";
      if (mediaType !== expected) throw new OperationError("media_type_unsupported", { mediaType, expected });
      return { service: resource, mode: "stateless" };
    }
    const service = resource === "info/refs" ? this.#call.url.searchParams.get("service") : null;
    if (service === "git-upload-pack" || service === "git-receive-pack") return { service, mode: "advertise" };
    throw new OperationError("service_not_offered", { service: service ?? "the dumb protocol" });
  }

  #caller(principal: Principal, signal: AbortSignal): Caller {
    const { requestId, peer } = this.#call;
    return { principal, door: "http", requestId, peer, signal };
  }

  /** The answer has begun: the client was told inside the protocol, or has gone. */
  #failed(error: unknown): void {
    if (!(error instanceof OperationError)) this.#options.onBug(error, this.#call.requestId);
  }
}

/** The line that names the service; clients of version 2 do without. */
function headerOf({ service, mode }: Asked, protocol: string | undefined): Uint8Array[] {
  if (mode !== "advertise" || protocolVersionOf(protocol) === 2) return [];
  return [Buffer.concat([encodePacket(`# service=${service}\n`), FLUSH])];
}
