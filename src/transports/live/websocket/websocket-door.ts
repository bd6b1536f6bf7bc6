import type { Authenticator } from "../../../contract/authenticator.ts";
import type { DeliveredEvent } from "../../../contract/events.ts";
import type { Caller, Principal } from "../../../contract/principal.ts";
import { OperationError } from "../../../domain/errors.ts";
import { atClonePath } from "../../../engine/clone-path.ts";
import type { Engine } from "../../../engine/engine.ts";
import { watchEvents, watchRepository } from "../../../operations/index.ts";
import type { LivePlaces } from "../../http/live-places.ts";
import { type ConnectionServices, LiveConnection, type Socket } from "./live-connection.ts";
import { CLOSE } from "./live-limits.ts";

export interface WebsocketDoorOptions {
  readonly engine: Engine;
  readonly authenticator: Authenticator;
  readonly places: LivePlaces;
  readonly newRequestId: () => string;
  /** Told what was thrown that is not an OperationError: a bug. */
  readonly onBug: (error: unknown, requestId: string) => void;
}

/** A request that may become a socket, as the HTTP port hands it in. */
interface Call {
  readonly peer: string;
  readonly url: URL;
  principal(): Promise<Principal>;
  upgrade(listener: LiveConnection & { opened(socket: Socket): void }): Response;
}

const REPOSITORY_CHANNEL = "repo:";

/**
 * `/ws`: events as they happen. Channels are `repo:NAME` (one repository), `events` (all that the caller may read) and `admin` (with
 * those of administration).
 */
export class WebsocketDoor {
  readonly #options: WebsocketDoorOptions;
  readonly #services: ConnectionServices;
  readonly #connections = new Set<LiveConnection>();
  #isClosing = false;

  constructor(options: WebsocketDoorOptions) {
    this.#options = options;
    this.#services = { ...options, watch: (channel, since, caller) => this.#watch(channel, since, caller) };
  }

  /** Answers requests for `/ws`, and leaves the others to the next door. */
  readonly answer = (request: Request, call: Call): Promise<Response> | undefined =>
    call.url.pathname === "/ws" ? this.#open(request, call) : undefined;

  /** Says goodbye to everybody. */
  close(): void {
    this.#isClosing = true;
    for (const connection of this.#connections) connection.end(CLOSE.shuttingDown, "the server is shutting down");
  }

  async #open(request: Request, call: Call): Promise<Response> {
    if (request.method !== "GET") {
      throw new OperationError("method_not_allowed", { method: request.method, allowed: ["GET"] });
    }
    if (this.#isClosing) throw new OperationError("shutting_down", {});
    const principal = await principalOf(request, call);
    const leave = this.#options.places.enter(principal, call.peer);
    const connection: LiveConnection = new LiveConnection(this.#services, call.peer, principal, () => {
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

  #watch(channel: string, since: string | undefined, caller: Caller): AsyncIterable<DeliveredEvent> {
    const { engine } = this.#options;
    const from = since === undefined ? {} : { since };
    if (channel === "events") return engine.run(watchEvents, from, caller);
    if (channel === "admin") return engine.run(watchEvents, { ...from, admin: true }, caller);
    if (channel.startsWith(REPOSITORY_CHANNEL)) {
      const name = channel.slice(REPOSITORY_CHANNEL.length);
      return atClonePath(name, (repository) => engine.run(watchRepository, { repository, ...from }, caller));
    }
    throw new OperationError("invalid_input", { field: "channel", problem: "is none of repo:NAME, events and admin" });
  }
}

/** Who asks. A browser cannot send a header with its request: it says who it is in its first message. */
async function principalOf(request: Request, call: Call): Promise<Principal | undefined> {
  try {
    return await call.principal();
  } catch (error) {
    if (request.headers.get("authorization") === null) return undefined;
    throw error;
  }
}
