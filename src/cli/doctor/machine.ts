import { mkdirSync, mkdtempSync, rmSync, statfsSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import type { Config } from "../../config.ts";
import { ControlClient } from "../../transports/control/client.ts";
import { type Finding, good, problem, warning } from "./finding.ts";

const FREE_BYTES_MIN = 2 ** 30;
const FREE_SHARE_MIN = 0.05;
const SKEW_MAX_MS = 2_000;
/** Nobody runs this before it was written. */
const EARLIEST_MS = Date.UTC(2025, 0, 1);
const MIB = 2 ** 20;

/** Can the data directory be made, and written to? Does a server own it? */
export async function checkDataDirectory({ data }: Config): Promise<Finding> {
  try {
    const made = mkdirSync(data, { recursive: true });
    rmSync(mkdtempSync(join(data, "doctor-")), { recursive: true });
    if (made !== undefined) rmSync(made, { recursive: true });
  } catch (error) {
    const { message } = error as Error;
    return problem("data directory", message, `give this account write access to ${data}, or set HOLDFAST_DATA`);
  }
  const served = await new ControlClient(data).isServed();
  return good("data directory", `${data} is writable${served ? "; a running server owns it" : ""}`);
}

/** Are the doors' ports free, or held by the server that owns the data directory? */
export async function checkPorts(config: Config): Promise<Finding[]> {
  const served = await new ControlClient(config.data).isServed();
  const ports = {
    http: config.httpPort,
    grpc: config.grpcPort,
    ssh: config.sshPort,
    git: config.gitPort,
    metrics: config.metricsPort,
  };
  const findings = Object.entries(ports).map(async ([door, port]) => {
    if (typeof port !== "number" || port === 0) return undefined;
    if (await isFree(config.host, port)) return good(`port of ${door}`, `${config.host}:${port} is free`);
    if (served) return good(`port of ${door}`, `${config.host}:${port} is in use; a server is running`);
    const advice = `stop what listens there, or set HOLDFAST_${door.toUpperCase()}_PORT (0 takes a free one)`;
    return problem(`port of ${door}`, `${config.host}:${port} is in use`, advice);
  });
  return (await Promise.all(findings)).filter((finding) => finding !== undefined);
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Is the clock sane, and does the disk's agree with it? Commit times and tokens depend on it. */
export function checkClock({ data }: Config): Finding {
  const advice = "set the clock, for example with systemd-timesyncd";
  if (Date.now() < EARLIEST_MS) return problem("clock", `says ${new Date().toISOString()}`, advice);
  const file = join(nearestExisting(data), `.holdfast-clock-${process.pid}`);
  try {
    writeFileSync(file, "");
    const skewMs = Math.round(statSync(file).mtimeMs - Date.now());
    if (Math.abs(skewMs) > SKEW_MAX_MS) return warning("clock", `the disk's is ${skewMs} ms off`, advice);
  } catch {
    // The check of the data directory has told that it cannot be written.
  } finally {
    rmSync(file, { force: true });
  }
  return good("clock", new Date().toISOString());
}

/** Is there room for new objects? */
export function checkDisk({ data }: Config): Finding {
  const { bavail, blocks, bsize, ffree, files } = statfsSync(nearestExisting(data));
  const freeBytes = bavail * bsize;
  const found = `${Math.round(freeBytes / MIB)} MiB free`;
  const advice = `free space on the disk of ${data}; holdfast repo gc may help`;
  if (freeBytes < FREE_BYTES_MIN / 8) return problem("disk", found, advice);
  if (freeBytes < FREE_BYTES_MIN || bavail < blocks * FREE_SHARE_MIN) return warning("disk", found, advice);
  if (files > 0 && ffree < files * FREE_SHARE_MIN) return warning("disk", `${ffree} free inodes`, advice);
  return good("disk", found);
}

/** The directory itself, or the closest one above that exists. */
function nearestExisting(path: string): string {
  const isDirectory = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  return isDirectory || dirname(path) === path ? path : nearestExisting(dirname(path));
}
