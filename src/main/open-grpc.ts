import fieldNumbers from "../../schema/holdfast/v1/field-numbers.json" with { type: "json" };
import { operations } from "../operations/index.ts";
import { OperationError } from "../domain/errors.ts";
import { systemClock } from "../telemetry/clock.ts";
import { grpcObserver } from "../telemetry/grpc-observer.ts";
import { gitalyServices } from "../transports/api/gitaly/gitaly-services.ts";
import { statusOfError } from "../transports/api/gitaly/status-of-error.ts";
import { callAuthoriser } from "../transports/api/grpc/authorise-call.ts";
import type { GrpcCall } from "../transports/api/grpc/handler.ts";
import { startGrpcPort } from "../transports/api/grpc/start-grpc-port.ts";
import { STATUS_CODE_LABELS } from "../transports/api/grpc/status-code.ts";
import { GrpcStatusError } from "../transports/api/grpc/status-error.ts";
import { ERROR_FILES } from "../transports/api/holdfast/error-files.ts";
import type { FieldNumberTable } from "../transports/api/holdfast/field-numbers.ts";
import { holdfastServices } from "../transports/api/holdfast/holdfast-door.ts";
import type { Certificate } from "../transports/http/http-server.ts";
import type { DoorServices } from "./door-services.ts";
import { grpcCallers } from "./grpc-callers.ts";

/** Opens the gRPC port, with the doors that share it: the Gitaly protocol and `holdfast.v1`. Undefined when it is off. */
export async function openGrpc(services: DoorServices) {
  const { config, telemetry, engine, certificate, newRequestId, onBug } = services;
  if (config.grpcPort === "off") return undefined;
  const gitaly = gitalyServices({
    engine,
    conflictWord: config.gitalyConflictWord,
    mergeRequestRefsOnly: config.gitalyTargetRefs === "merge-requests",
    callerIdsRequired: config.gitalyRequireGl,
  });
  const secrets = { current: config.grpcToken, previous: config.grpcTokenPrevious };
  const authorise = callAuthoriser(secrets, () => systemClock.nowMs());
  const { principalOf, admitToOwn } = grpcCallers(authorise, services.authenticator);
  const holdfast = holdfastServices({
    engine,
    operations,
    fieldNumbers: fieldNumbers as unknown as FieldNumberTable,
    principalOf,
    blobBytesMax: config.blobBytesMax,
    bodies: services.bodies,
    onBug,
  });
  const server = await startGrpcPort({
    host: config.host,
    port: config.grpcPort,
    tls: certificate,
    services: [...gitaly, ...holdfast],
    otherFiles: ERROR_FILES,
    ...(authorise !== undefined && { authorise, admitToOwn }),
    newRequestId,
    observe: grpcObserver(telemetry.metrics, STATUS_CODE_LABELS),
    onRefused: (operation, peer, { code }) =>
      telemetry.log.logger.info(
        { operation, door: doorOf(operation), code: STATUS_CODE_LABELS[code], peer },
        "refused",
      ),
    answerLimit: { bytesMax: config.answerBytesMax, error: () => answerTooLarge(config.answerBytesMax) },
    toStatus: (error: unknown, call: GrpcCall) => {
      if (!(error instanceof OperationError) && !(error instanceof GrpcStatusError)) onBug(error, call.requestId);
      return statusOfError(error, call);
    },
  });
  return {
    address: `${server.host}:${server.port}`,
    useCertificate: (next: Certificate) => server.useCertificate(next),
    close: () => server.close(config.drainTimeoutMs),
  };
}

const doorOf = (path: string): string => (path.startsWith("/holdfast.") ? "grpc" : "gitaly");

function answerTooLarge(limitBytes: number): GrpcStatusError {
  const error = new OperationError("too_large", { what: "answer", sizeBytes: limitBytes + 1, limitBytes });
  return statusOfError(error, { requestId: "" });
}
