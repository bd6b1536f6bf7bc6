import type { Config } from "../config.ts";
import type { Authenticator } from "../contract/authenticator.ts";
import type { Engine } from "../engine/engine.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import type { BodyBudget } from "../transports/api/derived/body-budget.ts";
import type { Certificate } from "../transports/http/http-server.ts";

/** What every door is made of. */
export interface DoorServices {
  readonly config: Config;
  readonly telemetry: Telemetry;
  readonly engine: Engine;
  readonly authenticator: Authenticator;
  /** Of HTTP and gRPC; undefined when connections are plain. */
  readonly certificate: Certificate | undefined;
  /** Memory for the bodies of all requests. */
  readonly bodies: BodyBudget;
  readonly newRequestId: () => string;
  /** Told what was thrown that is not an OperationError: a bug. */
  readonly onBug: (error: unknown, requestId: string) => void;
}
