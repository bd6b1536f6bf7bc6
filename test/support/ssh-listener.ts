import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Caller } from "../../src/contract/principal.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { noCommands, type SshCommands } from "../../src/transports/git/ssh/command.ts";
import { hostKeysIn } from "../../src/transports/git/ssh/host-keys.ts";
import type { SshLimits } from "../../src/transports/git/ssh/limits.ts";
import { startSshDoor } from "../../src/transports/git/ssh/ssh-door.ts";
import { KEYLESS } from "./authenticators.ts";

/** Stands in for every operation of git's: gets the caller and what he sends, gives what he shall receive. */
export type Answer = (caller: Caller, parts: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;

/** An SSH door in this process, without an engine behind it. */
export interface SshListener {
  readonly port: number;
  /** What ended as nobody meant it to. */
  readonly bugs: unknown[];
  /** Command line of an OpenSSH client without a key. */
  argv(...command: string[]): string[];
  close(timeoutMs?: number): Promise<void>;
}

const PATIENCE_MS = 1_000;

/** Opens the door on a free port, for anybody. */
export async function listenForSsh(
  answer: Answer,
  options: { limits?: Partial<SshLimits>; commands?: SshCommands } = {},
): Promise<SshListener> {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-ssh-door-"));
  const bugs: unknown[] = [];
  let requests = 0;
  const run = (_operation: unknown, _input: unknown, caller: Caller, parts: AsyncIterable<Uint8Array>) =>
    answer(caller, parts);
  const door = await startSshDoor({
    host: "127.0.0.1",
    port: 0,
    hostKeys: hostKeysIn(join(directory, "keys")),
    // Of the engine a door knows `run` alone.
    engine: { run } as unknown as Engine,
    authenticator: KEYLESS,
    commands: options.commands ?? noCommands,
    newRequestId: () => `request-${++requests}`,
    monotonicMs: () => performance.now(),
    onBug: (error) => void bugs.push(error),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  });
  const files = ["StrictHostKeyChecking=no", `UserKnownHostsFile=${join(directory, "known_hosts")}`];
  const nothing = ["IdentityFile=none", "IdentityAgent=none", "LogLevel=ERROR"];
  const settings = [...files, ...nothing].flatMap((option) => ["-o", option]);
  return {
    port: door.port,
    bugs,
    argv: (...command) => ["ssh", "-F", "none", ...settings, "-p", String(door.port), "127.0.0.1", ...command],
    async close(timeoutMs = PATIENCE_MS) {
      await door.close(timeoutMs);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
