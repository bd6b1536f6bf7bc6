import type { Config } from "./config.ts";
import { checkStorages, openHttp } from "./main/open-http.ts";
import { openEngine } from "./main/open-engine.ts";
import { checkDatabase } from "./main/open-identity.ts";
import { openGrpc } from "./main/open-grpc.ts";
import { openGitDaemon } from "./main/open-git-daemon.ts";
import { openSsh } from "./main/open-ssh.ts";
import type { AddOpened, Opened } from "./main/opened.ts";
import { operations } from "./operations/index.ts";
import { readCertificate, reloadCertificate } from "./main/read-certificate.ts";
import { openDataDirectory } from "./storage/data-directory.ts";
import { systemClock } from "./telemetry/clock.ts";
import { requestIds } from "./telemetry/request-ids.ts";
import { createTelemetry } from "./telemetry/telemetry.ts";
import { BodyBudget } from "./transports/api/derived/body-budget.ts";
import { codeOfStatusError } from "./transports/api/gitaly/code-of-status.ts";
import { controlSocket } from "./transports/control/client.ts";
import { startControlServer } from "./transports/control/server.ts";
import { principalOf } from "./transports/http/credentials.ts";
import type { Lifecycle } from "./transports/http/health-door.ts";
import { VERSION } from "./version.ts";

/** A server whose doors are open. */
export interface RunningServer {
  /** Addresses of the open doors, by the door's name. */
  readonly addresses: Readonly<Record<string, string>>;
  /** Reads the certificate again. What is wrong with it is logged, and the one in use stays. */
  reload(): void;
  /** Lets running requests finish, up to the configured time, and closes everything. */
  stop(): Promise<void>;
}

/** Starts a server: takes the data directory, settles what an earlier one left, opens the doors. Rejects when any of it fails. */
export async function serve(config: Config): Promise<RunningServer> {
  const opened: Opened[] = [];
  const close = async () => {
    for (const one of opened.toReversed()) await one.close();
  };
  try {
    return { ...(await open(config, (one) => opened.push(one))), stop: close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(config: Config, add: AddOpened): Promise<Omit<RunningServer, "stop">> {
  const telemetry = createTelemetry({
    version: VERSION,
    logLevel: config.logLevel,
    clock: systemClock,
    codeOfDoorError: codeOfStatusError,
  });
  add(telemetry);
  const data = await openDataDirectory(config.data);
  add({ close: () => data.release() });
  const {
    engine,
    open: opened,
    repositories,
    authenticator,
    database,
  } = await openEngine(config, telemetry, data, add);
  const newRequestId = requestIds();
  const onBug = (err: unknown, request_id: string) => telemetry.log.logger.error({ err, request_id }, "bug");
  // A promise that nobody waited for is a bug of one request, and no reason to end all others.
  const onRejection = (err: unknown) => telemetry.log.logger.error({ err }, "bug: unhandled rejection");
  process.on("unhandledRejection", onRejection);
  add({ close: () => void process.off("unhandledRejection", onRejection) });
  const certificate = readCertificate(config);
  const bodies = new BodyBudget({ bytesMax: config.bodiesBytesMax, waitMaxMs: config.requestWaitMs });
  const services = { config, telemetry, engine, authenticator, certificate, bodies, newRequestId, onBug };
  const addresses: Record<string, string> = {};
  let lifecycle: Lifecycle = "starting";
  const checks = { storages: () => checkStorages(repositories), database: () => checkDatabase(database) };
  // Commands are answered until all doors are closed; agents on this machine come in here as well.
  const control = startControlServer({
    path: controlSocket(data.path),
    engine,
    operations,
    newRequestId,
    door: (request, call) => http.mcp(request, call),
    principalOf: (authorization) => principalOf(authorization, authenticator),
    onBug,
  });
  add(control);
  const http = openHttp(services, checks, () => lifecycle);
  add(http);
  if (http.http !== undefined) addresses["http"] = http.http;
  const grpc = await openGrpc(services);
  if (grpc !== undefined) {
    add(grpc);
    addresses["grpc"] = grpc.address;
  }
  const ssh = await openSsh(services);
  if (ssh !== undefined) {
    add(ssh);
    addresses["ssh"] = ssh.address;
  }
  const gitDaemon = await openGitDaemon(services);
  if (gitDaemon !== undefined) {
    add(gitDaemon);
    addresses["git"] = gitDaemon.address;
  }
  opened.doors = addresses;
  if (http.metrics !== undefined) addresses["metrics"] = http.metrics;
  lifecycle = "running";
  // Closed first of all: whoever watches the server's health hears of its end before its doors close.
  add({ close: () => void (lifecycle = "draining") });
  data.announce(addresses["grpc"] ?? controlSocket(data.path));
  return { addresses, reload: () => reloadCertificate(config, telemetry.log, [http, grpc]) };
}
