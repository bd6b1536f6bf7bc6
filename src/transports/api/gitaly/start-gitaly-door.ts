import { OperationError } from "../../../domain/errors.ts";
import { blobService } from "./blob/index.ts";
import { commitService } from "./commit/index.ts";
import { diffService } from "./diff/index.ts";
import type { GitalyDoor } from "./door.ts";
import { callAuthoriser, type SharedSecrets } from "../grpc/authorise-call.ts";
import { HealthReporter } from "../grpc/health-service.ts";
import { reflectionServices } from "../grpc/reflection-service.ts";
import { type GrpcServer, type GrpcServerOptions, startGrpcServer } from "../grpc/server.ts";
import { GrpcStatusError } from "../grpc/status-error.ts";
import { operationService } from "./operation/index.ts";
import { refService } from "./ref/index.ts";
import { repositoryService } from "./repository/index.ts";
import { serverService } from "./server/index.ts";
import { smartHttpService } from "./smart-http/index.ts";
import { sshService } from "./ssh/index.ts";
import { statusOfError } from "./status-of-error.ts";

export interface GitalyDoorOptions {
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
  /** Certificate and key in PEM; without them the connection is plain. */
  readonly tls?: GrpcServerOptions["tls"];
  /** Without secrets anybody who reaches the port may do everything. */
  readonly secrets?: SharedSecrets;
  readonly nowMs: () => number;
  readonly newRequestId: () => string;
  readonly observe: NonNullable<GrpcServerOptions["observe"]>;
  /** Longest answer to one request. */
  readonly answerBytesMax: number;
  /** Told of calls that no handler saw. */
  readonly onRefused: NonNullable<GrpcServerOptions["onRefused"]>;
  /** Told what was thrown that nobody threw on purpose. */
  readonly onBug: (error: unknown, requestId: string) => void;
}

/** Opens the door of the Gitaly protocol: the core services, health and reflection. */
export async function startGitalyDoor(door: GitalyDoor, options: GitalyDoorOptions): Promise<GrpcServer> {
  const served = [
    blobService(door),
    commitService(door),
    diffService(door),
    operationService(door),
    refService(door),
    repositoryService(door),
    serverService(door),
    smartHttpService(door),
    sshService(door),
  ];
  const health = new HealthReporter(served.map((bound) => bound.desc.typeName));
  const withHealth = [...served, health.service()];
  const authorise = callAuthoriser(options.secrets, options.nowMs);
  const server = await startGrpcServer({
    host: options.host,
    port: options.port,
    tls: options.tls,
    services: [...withHealth, ...reflectionServices(withHealth)],
    toStatus: (error, call) => {
      if (!(error instanceof OperationError) && !(error instanceof GrpcStatusError))
        options.onBug(error, call.requestId);
      return statusOfError(error, call);
    },
    observe: options.observe,
    onRefused: options.onRefused,
    answerLimit: { bytesMax: options.answerBytesMax, error: () => answerTooLarge(options.answerBytesMax) },
    newRequestId: options.newRequestId,
    ...(authorise === undefined ? {} : { authorise }),
  });
  return {
    host: server.host,
    port: server.port,
    useCertificate: (tls) => server.useCertificate(tls),
    close(timeoutMs) {
      health.shutDown();
      return server.close(timeoutMs);
    },
  };
}

function answerTooLarge(limitBytes: number): GrpcStatusError {
  const error = new OperationError("too_large", { what: "answer", sizeBytes: limitBytes + 1, limitBytes });
  return statusOfError(error, { requestId: "" });
}
