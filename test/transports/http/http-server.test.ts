import { afterEach, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { OperationError } from "../../../src/domain/errors.ts";
import { type HealthCheck, healthDoor, type Lifecycle } from "../../../src/transports/http/health-door.ts";
import type { HttpDoor } from "../../../src/transports/http/http-door.ts";
import { type HttpServer, startHttpServer } from "../../../src/transports/http/http-server.ts";
import { isLoopback } from "../../../src/transports/http/loopback-guard.ts";
import { KEYLESS } from "../../support/authenticators.ts";
import { metricsDoor } from "../../../src/transports/http/metrics-door.ts";

let server: HttpServer | undefined;
afterEach(async () => {
  await server?.close(0);
  server = undefined;
});

const bugs: unknown[] = [];
const refusals: string[] = [];

function serve(...doors: HttpDoor[]): string {
  bugs.length = 0;
  refusals.length = 0;
  server = startHttpServer({
    host: "127.0.0.1",
    port: 0,
    doors,
    authenticator: KEYLESS,
    newRequestId: () => "id-1",
    onRefused: (call, method, { reason }) => refusals.push(`${method} ${call.url.pathname} ${reason}`),
    onBug: (error) => bugs.push(error),
  });
  return `http://127.0.0.1:${server.port}`;
}

function health(checks: Record<string, HealthCheck> = {}, lifecycle: () => Lifecycle = () => "running"): HttpDoor {
  return healthDoor({ version: "1.2.3", checks, lifecycle, uptimeMs: () => 1234.5 });
}

async function ask(url: string, init?: RequestInit): Promise<{ status: number; body: unknown }> {
  const response = await fetch(url, init);
  return { status: response.status, body: await response.json() };
}

/** Sends bytes as they are; answers the status. */
async function rawStatus(head: string): Promise<number> {
  const socket = connect(server!.port, "127.0.0.1");
  socket.end(head, "latin1");
  let answer = "";
  for await (const data of socket) answer += (data as Buffer).toString("latin1");
  return Number(answer.split(" ")[1]);
}

describe("healthDoor", () => {
  test("up, with the word of each check", async () => {
    const base = serve(health({ storage: async () => "writable", git: async () => undefined }));
    const report = {
      status: "up",
      version: "1.2.3",
      uptime_seconds: 1.235,
      checks: { storage: { status: "up", message: "writable" }, git: { status: "up" } },
    };
    expect(await ask(`${base}/health`)).toEqual({ status: 200, body: report });
    expect(await ask(`${base}/health/ready`)).toEqual({ status: 200, body: report });
    expect(await ask(`${base}/health/live`)).toEqual({ status: 200, body: { ...report, checks: {} } });
    expect(await ask(`${base}/health/startup`)).toEqual({ status: 200, body: { ...report, checks: {} } });
  });

  test("a failing check is down, and says no more than it was meant to say", async () => {
    const checks: Record<string, HealthCheck> = {
      disk: async () => {
        throw new OperationError("disk_full", {});
      },
      database: () => {
        throw new Error("password x is wrong");
      },
    };
    const base = serve(health(checks));
    const down = {
      disk: { status: "down", message: "no space left on the storage" },
      database: { status: "down", message: "failed" },
    };
    expect(await ask(`${base}/health/ready`)).toMatchObject({ status: 503, body: { status: "down", checks: down } });
    expect(await ask(`${base}/health/live`)).toMatchObject({ status: 200, body: { status: "up" } });
  });

  test("not ready before the start is over and while draining", async () => {
    let lifecycle: Lifecycle = "starting";
    const base = serve(health({}, () => lifecycle));
    const statuses = async () =>
      Promise.all(["live", "ready", "startup"].map(async (path) => (await ask(`${base}/health/${path}`)).status));
    expect(await statuses()).toEqual([200, 503, 503]);
    lifecycle = "running";
    expect(await statuses()).toEqual([200, 200, 200]);
    lifecycle = "draining";
    expect(await statuses()).toEqual([200, 503, 200]);
  });
});

describe("metricsDoor", () => {
  test("serves what is rendered", async () => {
    const base = serve(metricsDoor({ contentType: "text/plain; version=0.0.4; charset=utf-8", render: () => "x 1\n" }));
    const response = await fetch(`${base}/metrics`);
    expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(await response.text()).toBe("x 1\n");
  });
});

describe("startHttpServer", () => {
  test("answers what no door takes with an error in the contract's shape", async () => {
    const base = serve(health());
    expect(await ask(`${base}/nothing?x=1`)).toEqual({
      status: 404,
      body: {
        error: "nothing is at this address: /nothing",
        code: "not_found",
        reason: "address_unknown",
        details: { path: "/nothing" },
        request_id: "id-1",
      },
    });
    expect(await ask(`${base}/health`, { method: "POST" })).toMatchObject({
      status: 405,
      body: { reason: "method_not_allowed", details: { method: "POST", allowed: ["GET", "HEAD"] } },
    });
    expect((await fetch(`${base}/health`, { method: "POST" })).headers.get("allow")).toBe("GET, HEAD");
    expect(refusals).toContain("GET /nothing address_unknown");
  });

  test("a bug is reported, and tells the client nothing", async () => {
    const base = serve(() => {
      throw new TypeError("secret");
    });
    const { status, body } = await ask(`${base}/x`);
    expect(status).toBe(500);
    expect(body).toMatchObject({ error: "internal error: see the server's log", code: "internal", request_id: "id-1" });
    expect(JSON.stringify(body)).not.toContain("secret");
    expect(bugs).toHaveLength(1);
  });

  test("details that are bytes become text, or base64", async () => {
    const base = serve(() => {
      throw new OperationError("hook_rejected", {
        hook: "update",
        stdout: Buffer.from("größe"),
        stderr: Buffer.from([255]),
      });
    });
    expect(await ask(`${base}/x`)).toMatchObject({
      status: 403,
      body: { details: { stdout: "größe", stderr: { base64: "/w==" } } },
    });
  });

  test("on loopback, a name that is not ours is refused", async () => {
    const base = serve(health());
    for (const host of ["localhost", "localhost:1", "127.0.0.1", "127.8.9.1:80", "[::1]:8080", "holdfast.localhost"]) {
      expect(await ask(`${base}/health/live`, { headers: { host } })).toMatchObject({ status: 200 });
    }
    for (const host of ["attacker.example", "attacker.example:8080", "127.0.0.1.attacker.example"]) {
      expect(await ask(`${base}/health/live`, { headers: { host } })).toMatchObject({
        status: 403,
        body: { reason: "host_not_allowed" },
      });
    }
  });

  test("a Host that is no name, or none at all, is the client's mistake", async () => {
    serve(health());
    for (const [host, status] of [
      ["[::1", 400],
      ["127.0.0.1:99999999", 400],
      ["127.0.0.1/x", 400],
      ["user@127.0.0.1", 400],
      ["\xff", 400],
      ["127.0.0.1:99999", 200],
      ["", 403],
    ] as const)
      expect(await rawStatus(`GET /health/live HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)).toBe(status);
    expect(await rawStatus("GET /health/live HTTP/1.0\r\n\r\n")).toBe(403);
    expect(await rawStatus("GET //:::/ HTTP/1.0\r\n\r\n")).toBe(403);
    expect(refusals).toContain("GET /health/live malformed_request");
    expect(bugs).toEqual([]);
  });

  test("closing waits for requests that run", async () => {
    const arrived = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const base = serve(async () => {
      arrived.resolve();
      await go.promise;
      return Response.json({ done: true });
    });
    const running = ask(`${base}/x`);
    await arrived.promise;
    const closed = server?.close(10_000);
    go.resolve();
    expect(await running).toEqual({ status: 200, body: { done: true } });
    await closed;
    server = undefined;
    expect(fetch(`${base}/x`)).rejects.toThrow();
  });
});

describe("isLoopback", () => {
  test("addresses and names", () => {
    for (const host of ["127.0.0.1", "127.255.0.1", "::1", "[::1]", "localhost", "a.localhost", "::ffff:127.0.0.1"])
      expect(isLoopback(host)).toBe(true);
    for (const host of ["0.0.0.0", "::", "10.0.0.1", "example.com", "127.0.0.1.example.com", ""])
      expect(isLoopback(host)).toBe(false);
  });
});
