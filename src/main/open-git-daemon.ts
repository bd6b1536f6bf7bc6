import { systemClock } from "../telemetry/clock.ts";
import { startGitDaemon } from "../transports/git/daemon/git-daemon.ts";
import { acknowledgeAtOnce } from "./acknowledge-at-once.ts";
import type { DoorServices } from "./door-services.ts";

/** Opens the port of git://; undefined when it is off. */
export async function openGitDaemon({ config, engine, authenticator, newRequestId, onBug }: DoorServices) {
  if (config.gitPort === "off") return undefined;
  const door = await startGitDaemon({
    host: config.host,
    port: config.gitPort,
    engine,
    anonymous: () => authenticator.anonymous(),
    newRequestId,
    monotonicMs: () => systemClock.monotonicMs(),
    onBug,
    acknowledgeAtOnce,
  });
  return { address: `${door.host}:${door.port}`, close: () => door.close(config.drainTimeoutMs) };
}
