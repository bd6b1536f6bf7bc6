import type { Socket } from "node:net";
import type { Caller, Principal } from "../../../contract/principal.ts";
import type { RepositoryRef } from "../../../contract/repository-ref.ts";
import { OperationError } from "../../../domain/errors.ts";
import { atClonePath } from "../../../engine/clone-path.ts";
import type { Engine } from "../../../engine/engine.ts";
import { uploadArchive, uploadPack } from "../../../operations/index.ts";
import { errorPacket, PacketReader } from "../../../wire/pkt-line.ts";
import { type DaemonRequest, daemonRequestOf } from "./daemon-request.ts";
import type { DaemonLimits } from "./limits.ts";
import { SocketInput } from "./socket-input.ts";

/** What connections are served with. */
export interface DaemonServices {
  readonly engine: Engine;
  /** Who a caller without credentials is. Throws where such callers may do nothing. */
  readonly anonymous: () => Principal;
  readonly newRequestId: () => string;
  readonly monotonicMs: () => number;
  readonly onBug: (error: unknown, requestId: string) => void;
  readonly limits: DaemonLimits;
}

/** One client of git://: a request and its answer. */
export class DaemonConnection {
  readonly address: string;
  readonly #socket: Socket;
  readonly #services: DaemonServices;
  readonly #gone = new AbortController();
  readonly #input: SocketInput;
  #startedAtMs: number;
  #activeAtMs: number;
  #isServed = false;
  #halfClosed: ReturnType<typeof setTimeout> | undefined;

  constructor(socket: Socket, services: DaemonServices) {
    this.#socket = socket;
    this.#services = services;
    this.address = socket.remoteAddress ?? "";
    this.#startedAtMs = services.monotonicMs();
    this.#activeAtMs = this.#startedAtMs;
    this.#input = new SocketInput(socket, this.#gone.signal, {
      received: () => this.#active(),
      ended: () => this.#ended(),
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      clearTimeout(this.#halfClosed);
      this.#gone.abort();
    });
  }

  /** Has the client said what it wants, and is it being answered? */
  get isServed(): boolean {
    return this.#isServed;
  }

  /** Serves the client to its end. `admit` is asked once the client has said what it wants; it answers why not. */
  async serve(admit: () => string | undefined): Promise<void> {
    try {
      const packets = new PacketReader(this.#input);
      const first = await packets.next();
      const request = Buffer.isBuffer(first) ? daemonRequestOf(first) : undefined;
      if (request === undefined) return await this.#refuse("not a request of git's");
      const refusal = admit();
      if (refusal !== undefined) return await this.#refuse(refusal);
      this.#isServed = true;
      await this.#answer(request, packets.rest());
    } catch (error) {
      // The first packet was none, or the client has gone.
      if (!(error instanceof OperationError)) this.#services.onBug(error, this.address);
      else if (error.reason === "protocol_error") await this.#refuse("not a request of git's");
    } finally {
      // Who stays on though he was answered takes no place of those who are served.
      this.#isServed = false;
      this.#startedAtMs = this.#services.monotonicMs();
      this.#socket.end();
      // The client may have more to say than anybody wants to hear.
      this.#socket.resume();
    }
  }

  /** Ends a connection that takes too long for something. */
  checkTime(nowMs: number): void {
    const { requestTimeoutMs, idleTimeoutMs } = this.#services.limits;
    if (this.#isServed ? nowMs - this.#activeAtMs > idleTimeoutMs : nowMs - this.#startedAtMs > requestTimeoutMs)
      this.drop();
  }

  /** Ends the connection at once. */
  drop(): void {
    this.#socket.destroy();
  }

  async #answer(request: DaemonRequest, parts: AsyncIterable<Buffer>): Promise<void> {
    const requestId = this.#services.newRequestId();
    let began = false;
    try {
      for await (const output of this.#conversation(request, requestId, parts)) {
        began = true;
        await this.#write(output);
      }
    } catch (error) {
      if (!(error instanceof OperationError)) this.#services.onBug(error, requestId);
      // Once the conversation has begun the client has been told within it.
      if (!began) await this.#refuse(refusalOf(error, request.path, requestId));
    }
  }

  #conversation(
    { service, path, protocol }: DaemonRequest,
    requestId: string,
    parts: AsyncIterable<Buffer>,
  ): AsyncIterable<Uint8Array> {
    const { engine, anonymous } = this.#services;
    const caller: Caller = {
      principal: anonymous(),
      door: "git",
      requestId,
      peer: `${this.address}:${this.#socket.remotePort}`,
      signal: this.#gone.signal,
    };
    const input = (repository: RepositoryRef) => ({
      repository,
      mode: "stateful" as const,
      ...(protocol === undefined ? {} : { protocol }),
    });
    if (service === "upload-pack")
      return atClonePath(path, (repository) => engine.run(uploadPack, input(repository), caller, parts));
    if (service === "upload-archive")
      return atClonePath(path, (repository) => engine.run(uploadArchive, { repository }, caller, parts));
    throw new OperationError("unsupported", { what: service });
  }

  async #write(output: Uint8Array): Promise<void> {
    if (this.#gone.signal.aborted) throw new OperationError("canceled", {});
    this.#active();
    if (this.#socket.write(output)) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        this.#socket.off("drain", done);
        this.#gone.signal.removeEventListener("abort", done);
        resolve();
      };
      this.#socket.once("drain", done);
      this.#gone.signal.addEventListener("abort", done);
    });
    this.#active();
  }

  async #refuse(text: string): Promise<void> {
    if (!this.#gone.signal.aborted) await this.#write(errorPacket(text));
  }

  #active(): void {
    this.#activeAtMs = this.#services.monotonicMs();
  }

  /** The client sends no more: it has gone, or is one of the few that close their side and still read. */
  #ended(): void {
    if (!this.#isServed) return;
    this.#halfClosed = setTimeout(() => this.drop(), this.#services.limits.halfClosedMs);
  }
}

/** What the client is told. What is missing, and what nobody may read without credentials, is told in git-daemon's own words. */
function refusalOf(error: unknown, path: string, requestId: string): string {
  if (!(error instanceof OperationError)) return `internal error; request ${requestId} in the server's log`;
  switch (error.reason) {
    case "repository_not_found":
    case "repository_path_escapes":
    case "storage_unknown":
    case "unauthenticated":
    case "forbidden":
    case "invalid_input":
      return `access denied or repository not exported: ${path}`;
    case "unsupported":
      return "only fetching is possible here: push over HTTP or SSH";
    case "shutting_down":
    case "limit_exceeded":
    case "storage_unusable":
      return `${error.message}; try again later`;
    default:
      return error.message;
  }
}
