import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Config, loadConfig } from "../../src/config.ts";
import type { Authenticator } from "../../src/contract/authenticator.ts";
import type { Identity } from "../../src/contract/identity.ts";
import type { Clock } from "../../src/contract/context.ts";
import type { Caller, Principal } from "../../src/contract/principal.ts";
import type { RepositoryRef } from "../../src/contract/repository-ref.ts";
import type { ObjectFormat } from "../../src/domain/oid.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { openEngine } from "../../src/main/open-engine.ts";
import { createRepository } from "../../src/operations/repositories/create-repository.ts";
import type { SessionTimers } from "../../src/sessions/session-timers.ts";
import { openDataDirectory } from "../../src/storage/data-directory.ts";
import { systemClock } from "../../src/telemetry/clock.ts";
import { createTelemetry } from "../../src/telemetry/telemetry.ts";

/** An engine over a data directory of its own, without doors. */
export interface TestEngine {
  readonly engine: Engine;
  /** A caller who may do everything. */
  readonly caller: Caller;
  readonly identity: Identity;
  readonly authenticator: Authenticator;
  readonly sessionTimers: SessionTimers;
  /** The data directory. */
  readonly directory: string;
  /** Somebody else who calls. */
  as(principal: Principal): Caller;
  /** Makes an empty repository. */
  createRepository(name: string, objectFormat?: ObjectFormat): Promise<RepositoryRef>;
  /** Where a repository lies on disk, for real git. */
  pathOf(repository: RepositoryRef): string;
  close(): Promise<void>;
}

/** Opens an engine with default settings but for those given. */
export async function openTestEngine(settings: Partial<Config> = {}, clock: Clock = systemClock): Promise<TestEngine> {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-engine-"));
  const { config } = loadConfig({ flags: { data: directory }, env: {}, cwd: directory, readFile: () => undefined });
  const telemetry = createTelemetry({ version: "0", logLevel: "silent", clock: systemClock });
  const data = await openDataDirectory(directory);
  const opened: { close(): void | Promise<void> }[] = [];
  const { engine, identity, authenticator, sessions } = await openEngine(
    { ...config, ...settings },
    telemetry,
    data,
    (one) => opened.push(one),
    clock,
  );
  const caller: Caller = {
    principal: { kind: "service", name: "service" },
    door: "internal",
    requestId: "test",
    peer: "test",
    signal: new AbortController().signal,
  };
  return {
    engine,
    identity,
    authenticator,
    sessionTimers: sessions.timers,
    directory,
    caller,
    as: (principal) => ({ ...caller, principal }),
    async createRepository(name, objectFormat = "sha1") {
      const repository = { storage: "default", relativePath: `${name}.git` };
      await engine.run(createRepository, { repository, objectFormat }, caller);
      return repository;
    },
    pathOf: ({ relativePath }) => join(directory, "repositories", relativePath),
    async close() {
      for (const one of opened.toReversed()) await one.close();
      data.release();
      telemetry.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
