import { OperationError } from "../../domain/errors.ts";
import type { HttpDoor } from "./http-door.ts";

/** A check that takes longer has failed. */
const CHECK_TIMEOUT_MS = 2_000;

/** One thing that the server cannot do without. Resolves with a word about it, or rejects. */
export type HealthCheck = () => Promise<string | undefined>;

/** Where the server is in its life. */
export type Lifecycle = "starting" | "running" | "draining";

export interface HealthOptions {
  readonly version: string;
  readonly checks: Readonly<Record<string, HealthCheck>>;
  readonly lifecycle: () => Lifecycle;
  readonly uptimeMs: () => number;
}

interface CheckResult {
  readonly status: "up" | "down";
  readonly message?: string;
}

/**
 * `/health` (all there is to know), `/health/live` (the process answers), `/health/ready` (it can serve: started, not draining, all
 * checks pass) and `/health/startup` (it has started). 200 for up, 503 for down.
 */
export function healthDoor(options: HealthOptions): HttpDoor {
  return (request, { url }) => {
    const report = reportOf(url.pathname, options);
    if (report === undefined) return undefined;
    if (request.method !== "GET" && request.method !== "HEAD") {
      throw new OperationError("method_not_allowed", { method: request.method, allowed: ["GET", "HEAD"] });
    }
    return report();
  };
}

function reportOf(path: string, options: HealthOptions): (() => Promise<Response> | Response) | undefined {
  switch (path) {
    case "/health":
    case "/health/ready":
      return async () => {
        const checks = await runAll(options.checks);
        const passed = Object.values(checks).every((check) => check.status === "up");
        return response(passed && options.lifecycle() === "running", checks, options);
      };
    case "/health/live":
      return () => response(true, {}, options);
    case "/health/startup":
      return () => response(options.lifecycle() !== "starting", {}, options);
    default:
      return undefined;
  }
}

function response(up: boolean, checks: Readonly<Record<string, CheckResult>>, options: HealthOptions): Response {
  const body = {
    status: up ? "up" : "down",
    version: options.version,
    uptime_seconds: Math.round(options.uptimeMs()) / 1000,
    checks,
  };
  return Response.json(body, { status: up ? 200 : 503, headers: { "cache-control": "no-store" } });
}

async function runAll(checks: Readonly<Record<string, HealthCheck>>): Promise<Record<string, CheckResult>> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]): Promise<[string, CheckResult]> => [name, await run(check)]),
  );
  return Object.fromEntries(results);
}

async function run(check: HealthCheck): Promise<CheckResult> {
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(() => timeout.reject(new Error("the check took too long")), CHECK_TIMEOUT_MS);
  try {
    const message = await Promise.race([Promise.try(check), timeout.promise]);
    return message === undefined ? { status: "up" } : { status: "up", message };
  } catch (error) {
    // Only what was thrown on purpose is for everybody's eyes.
    return { status: "down", message: error instanceof OperationError ? error.message : "failed" };
  } finally {
    clearTimeout(timer);
  }
}
