import { join } from "node:path";
import { systemClock } from "../telemetry/clock.ts";
import { noCommands } from "../transports/git/ssh/command.ts";
import { hostKeysIn } from "../transports/git/ssh/host-keys.ts";
import { startSshDoor } from "../transports/git/ssh/ssh-door.ts";
import { acknowledgeAtOnce } from "./acknowledge-at-once.ts";
import type { DoorServices } from "./door-services.ts";

/** Opens the port of SSH; undefined when it is off. */
export async function openSsh({ config, engine, authenticator, newRequestId, onBug }: DoorServices) {
  if (config.sshPort === "off") return undefined;
  const door = await startSshDoor({
    host: config.host,
    port: config.sshPort,
    hostKeys: hostKeysIn(join(config.data, "ssh")),
    engine,
    authenticator,
    commands: noCommands,
    newRequestId,
    monotonicMs: () => systemClock.monotonicMs(),
    onBug,
    acknowledgeAtOnce,
  });
  return { address: `${door.host}:${door.port}`, close: () => door.close(config.drainTimeoutMs) };
}
