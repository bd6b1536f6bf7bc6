import { systemClock } from "../telemetry/clock.ts";
import { grpcObserver } from "../telemetry/grpc-observer.ts";
import { STATUS_CODE_LABELS } from "../transports/api/grpc/status-code.ts";
import { startGitalyDoor } from "../transports/api/gitaly/start-gitaly-door.ts";
import type { Certificate } from "../transports/http/http-server.ts";
import type { DoorServices } from "./door-services.ts";

/** Opens the port of the Gitaly protocol; undefined when it is off. */
export async function openGitaly({ config, telemetry, engine, certificate, newRequestId, onBug }: DoorServices) {
  if (config.grpcPort === "off") return undefined;
  const door = {
    engine,
    conflictWord: config.gitalyConflictWord,
    mergeRequestRefsOnly: config.gitalyTargetRefs === "merge-requests",
    callerIdsRequired: config.gitalyRequireGl,
  };
  const server = await startGitalyDoor(door, {
    host: config.host,
    port: config.grpcPort,
    tls: certificate,
    secrets: { current: config.grpcToken, previous: config.grpcTokenPrevious },
    nowMs: () => systemClock.nowMs(),
    newRequestId,
    observe: grpcObserver(telemetry.metrics, STATUS_CODE_LABELS),
    onRefused: (operation, peer, { code }) =>
      telemetry.log.logger.info({ operation, door: "gitaly", code: STATUS_CODE_LABELS[code], peer }, "refused"),
    answerBytesMax: config.answerBytesMax,
    onBug,
  });
  return {
    address: `${server.host}:${server.port}`,
    useCertificate: (next: Certificate) => server.useCertificate(next),
    close: () => server.close(config.drainTimeoutMs),
  };
}
