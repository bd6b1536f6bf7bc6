import { join } from "node:path";
import type { Config } from "../config.ts";
import { JsonOperations } from "../engine/json-operations.ts";
import { operations } from "../operations/index.ts";
import { systemClock } from "../telemetry/clock.ts";
import { administration } from "../transports/git/ssh/administration.ts";
import { hostKeysIn } from "../transports/git/ssh/host-keys.ts";
import { startSshDoor } from "../transports/git/ssh/ssh-door.ts";
import { acknowledgeAtOnce } from "./acknowledge-at-once.ts";
import type { DoorServices } from "./door-services.ts";

/** Opens the port of SSH; undefined when it is off. */
export async function openSsh({ config, engine, authenticator, newRequestId, onBug }: DoorServices) {
  if (config.sshPort === "off") return undefined;
  const invocation = () => `ssh -p ${door.port} ${hostName(config)}`;
  const door = await startSshDoor({
    host: config.host,
    port: config.sshPort,
    hostKeys: hostKeysIn(join(config.data, "ssh")),
    engine,
    authenticator,
    commands: administration({
      operations: new JsonOperations(engine, operations),
      invocation,
      nowMs: () => systemClock.nowMs(),
    }),
    newRequestId,
    monotonicMs: () => systemClock.monotonicMs(),
    onBug,
    acknowledgeAtOnce,
  });
  return { address: `${door.host}:${door.port}`, close: () => door.close(config.drainTimeoutMs) };
}

/** The name that users know the server by. */
const hostName = ({ publicUrl, host }: Config): string =>
  publicUrl === undefined ? host : new URL(publicUrl).hostname;
