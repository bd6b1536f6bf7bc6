import { Health, HealthCheckResponse_ServingStatus as ServingStatus } from "./generated/grpc/health/v1/health_pb.ts";
import { type BoundService, service } from "./service.ts";
import { StatusCode } from "./status-code.ts";
import { GrpcStatusError } from "./status-error.ts";

/** The name by which clients ask for the server as a whole. */
const WHOLE_SERVER = "";

/** What `grpc.health.v1.Health` says: SERVING for the server and each of its services, until the server shuts down. */
export class HealthReporter {
  readonly #names: ReadonlySet<string>;
  #serving = true;
  /** Settles at the next change. */
  #change = Promise.withResolvers<void>();
  #closing = false;

  constructor(serviceNames: Iterable<string>) {
    this.#names = new Set([WHOLE_SERVER, Health.typeName, ...serviceNames]);
  }

  /** Reports all services as ready or not. */
  setServing(serving: boolean): void {
    this.#serving = serving;
    this.#changed();
  }

  /** Reports NOT_SERVING and ends all streams of Watch, which would hold up the server's end. */
  shutDown(): void {
    this.#closing = true;
    this.setServing(false);
  }

  /** The service to register with a server. */
  service(): BoundService {
    return service(Health, {
      check: async ({ service: name }) => {
        if (!this.#names.has(name)) throw new GrpcStatusError(StatusCode.NOT_FOUND, "unknown service");
        return { status: this.#status(name) };
      },
      watch: ({ service: name }, call) => this.#watch(name, call.signal),
    });
  }

  async *#watch(name: string, signal: AbortSignal): AsyncGenerator<{ status: ServingStatus }> {
    const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    let told: ServingStatus | undefined;
    while (!signal.aborted) {
      const change = this.#change.promise;
      const status = this.#status(name);
      if (status !== told) yield { status };
      told = status;
      if (this.#closing) throw new GrpcStatusError(StatusCode.UNAVAILABLE, "the server is shutting down");
      await Promise.race([change, aborted]);
    }
  }

  #status(name: string): ServingStatus {
    if (!this.#names.has(name)) return ServingStatus.SERVICE_UNKNOWN;
    return this.#serving ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
  }

  #changed(): void {
    const { resolve } = this.#change;
    this.#change = Promise.withResolvers();
    resolve();
  }
}
