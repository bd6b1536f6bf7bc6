import fieldNumbers from "../../../schema/holdfast/v1/field-numbers.json" with { type: "json" };
import type { Authenticator } from "../../../src/contract/authenticator.ts";
import type { Operation } from "../../../src/contract/operation.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { grpcCallers } from "../../../src/main/grpc-callers.ts";
import { operations } from "../../../src/operations/index.ts";
import { callAuthoriser } from "../../../src/transports/api/grpc/authorise-call.ts";
import { startGrpcPort } from "../../../src/transports/api/grpc/start-grpc-port.ts";
import { BodyBudget } from "../../../src/transports/api/derived/body-budget.ts";
import { ERROR_FILES } from "../../../src/transports/api/holdfast/error-files.ts";
import type { FieldNumberTable } from "../../../src/transports/api/holdfast/field-numbers.ts";
import { holdfastServices } from "../../../src/transports/api/holdfast/holdfast-door.ts";

/** The largest content that the tests' door takes. */
export const BLOB_BYTES_MAX = 8 * 1024 * 1024;
/** The shared secret of the tests' door. */
export const SECRET = "a secret that services share";

/** The services of `holdfast.v1` on a port of their own. */
export interface HoldfastListener {
  readonly port: number;
  /** What was thrown that is no OperationError; a test expects none. */
  readonly bugs: unknown[];
  /** Calls that no operation saw. */
  readonly refused: string[];
  close(): Promise<void>;
}

export async function listenHoldfast(
  engine: Engine,
  authenticator: Authenticator,
  served: readonly Operation[] = operations,
  stallTimeoutMs = 60_000,
): Promise<HoldfastListener> {
  const bugs: unknown[] = [];
  const refused: string[] = [];
  const onBug = (error: unknown) => void bugs.push(error);
  const authorise = callAuthoriser({ current: SECRET }, () => Date.now())!;
  const { principalOf, admitToOwn } = grpcCallers(authorise, authenticator);
  const services = holdfastServices({
    engine,
    operations: served,
    fieldNumbers: fieldNumbers as unknown as FieldNumberTable,
    principalOf,
    blobBytesMax: BLOB_BYTES_MAX,
    bodies: new BodyBudget({ bytesMax: 6 * BLOB_BYTES_MAX, waitMaxMs: 60_000 }),
    onBug,
  });
  let requests = 0;
  const server = await startGrpcPort({
    host: "127.0.0.1",
    port: 0,
    services,
    otherFiles: ERROR_FILES,
    authorise,
    admitToOwn,
    newRequestId: () => `test-${++requests}`,
    stallTimeoutMs,
    onRefused: (path) => refused.push(path),
  });
  return { port: server.port, bugs, refused, close: () => server.close(1000) };
}
