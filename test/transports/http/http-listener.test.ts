import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { connect as connectPlain, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import type { HttpDoor } from "../../../src/transports/http/http-door.ts";
import { type HttpServer, type HttpServerOptions, startHttpServer } from "../../../src/transports/http/http-server.ts";
import { authenticatorOf } from "../../support/authenticators.ts";
import { selfSigned } from "../../support/self-signed.ts";

const place = mkdtempSync(join(tmpdir(), "holdfast-listener-"));
let server: HttpServer | undefined;
afterEach(async () => {
  await server?.close(0);
  server = undefined;
});
process.on("exit", () => rmSync(place, { recursive: true, force: true }));

const refusals: string[] = [];

/** Tells what it was told of the request. */
const mirror: HttpDoor = async (request, call) => {
  const { kind, name } = await call.principal();
  return Response.json({
    url: call.url.href,
    peer: call.peer.replace(/:\d+$/, ""),
    kind,
    name,
    method: request.method,
  });
};

function serve(options: Partial<HttpServerOptions> = {}): string {
  refusals.length = 0;
  server = startHttpServer({
    host: "127.0.0.1",
    port: 0,
    doors: [mirror],
    authenticator: authenticatorOf({ good: { kind: "user", name: "alice" } }),
    newRequestId: () => "id-1",
    onRefused: (call, method, { reason }) => refusals.push(`${call.peer} ${method} ${call.url.pathname} ${reason}`),
    onBug: (error) => {
      throw error;
    },
    ...options,
  });
  return `${options.certificate === undefined ? "http" : "https"}://127.0.0.1:${server.port}`;
}

describe("credentials", () => {
  test("reach doors as a principal; wrong ones are challenged", async () => {
    const base = serve();
    const good = await fetch(base, { headers: { authorization: "Bearer good" } });
    expect(await good.json()).toMatchObject({ kind: "user", name: "alice" });
    const wrong = await fetch(base, { headers: { authorization: "Bearer wrong" } });
    expect(wrong.status).toBe(401);
    expect(wrong.headers.get("www-authenticate")).toMatch(/^Basic realm="Holdfast".*, Bearer realm="Holdfast"$/);
    expect(refusals).toEqual([expect.stringMatching(/^127\.0\.0\.1:\d+ GET \/ unauthenticated$/)]);
  });
});

describe("origins", () => {
  const page = (origin: string, more: RequestInit = {}) => ({ ...more, headers: { origin, ...more.headers } });

  test("a page of another origin is refused on every door, and cannot read why", async () => {
    const base = serve();
    const response = await fetch(base, page("https://evil.example"));
    expect(response.status).toBe(403);
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
    expect(await response.json()).toMatchObject({
      reason: "origin_not_allowed",
      details: { origin: "https://evil.example" },
    });
    expect((await fetch(base, page(base))).status).toBe(200);
  });

  test("a listed origin may ask first, ask, and read the answer, errors too", async () => {
    const base = serve({ allowedOrigins: ["https://app.example.org"] });
    const asked = await fetch(
      `${base}/v1/x`,
      page("https://app.example.org", {
        method: "OPTIONS",
        headers: { "access-control-request-method": "PUT", "access-control-request-headers": "authorization,x-a" },
      }),
    );
    expect(asked.status).toBe(204);
    expect(Object.fromEntries(asked.headers)).toMatchObject({
      "access-control-allow-origin": "https://app.example.org",
      "access-control-allow-methods": expect.stringContaining("PUT"),
      "access-control-allow-headers": "authorization,x-a",
      "access-control-max-age": "600",
      vary: "Origin",
    });
    for (const authorization of ["Bearer good", "Bearer wrong"]) {
      const response = await fetch(base, page("https://app.example.org", { headers: { authorization } }));
      expect(response.headers.get("access-control-allow-origin")).toBe("https://app.example.org");
    }
    expect((await fetch(base, page("https://evil.example"))).status).toBe(403);
    const mirrored = await fetch(base, page("https://app.example.org", { method: "OPTIONS" }));
    expect(await mirrored.json()).toMatchObject({ method: "OPTIONS" });
  });
});

test("a host that is not ours is refused, whichever one came before it", async () => {
  const base = serve();
  const ask = async (host: string) => (await fetch(base, { headers: { host } })).status;
  const ours = new URL(base).host;
  for (let again = 0; again < 2; again++)
    expect([await ask(ours), await ask("evil.example"), await ask("a b"), await ask(ours)]).toEqual([
      200, 403, 400, 200,
    ]);
});

describe("proxies", () => {
  const told = {
    "x-forwarded-for": "203.0.113.9",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "git.example.org",
  };

  test("are believed when they are trusted", async () => {
    const base = serve({ trustedProxies: ["127.0.0.0/8"], publicUrl: new URL("https://git.example.org") });
    const response = await fetch(`${base}/a?b=c`, { headers: told });
    expect(await response.json()).toMatchObject({ url: "https://git.example.org/a?b=c", peer: "203.0.113.9" });
    const foreign = await fetch(base, { headers: { ...told, "x-forwarded-host": "evil.example" } });
    expect(await foreign.json()).toMatchObject({ reason: "host_not_allowed" });
    const page = await fetch(base, { headers: { ...told, origin: "https://git.example.org" } });
    expect(page.status).toBe(200);
  });

  test("anybody else only speaks for himself", async () => {
    const base = serve({ trustedProxies: ["10.0.0.0/8"] });
    const response = await fetch(`${base}/a`, { headers: told });
    expect(await response.json()).toMatchObject({ url: `${base}/a`, peer: "127.0.0.1" });
  });
});

describe("certificates", () => {
  const one = selfSigned(place, "one");
  const two = selfSigned(place, "two");
  const insecure = { tls: { rejectUnauthorized: false } };

  function shake(port: number): Promise<TLSSocket> {
    const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
    const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false }, () => resolve(socket));
    socket.on("error", reject);
    return promise;
  }

  async function subject(port: number): Promise<unknown> {
    const socket = await shake(port);
    const { CN } = socket.getPeerCertificate().subject;
    socket.destroy();
    return CN;
  }

  test("a new one is shown to new connections, and a request that runs ends as it began", async () => {
    const arrived = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const slow: HttpDoor = (_, { url }) => {
      if (url.pathname !== "/slow") return undefined;
      return new Response(
        new ReadableStream({
          async start(controller) {
            controller.enqueue("first ");
            arrived.resolve();
            await go.promise;
            controller.enqueue("last");
            controller.close();
          },
        }),
      );
    };
    const base = serve({ certificate: one, doors: [slow, mirror] });
    const { port } = server!;
    expect(await subject(port)).toBe("one");
    const running = fetch(`${base}/slow`, insecure).then((response) => response.text());
    await arrived.promise;
    server!.useCertificate(two);
    for (let turn = 0; turn < 20; turn++) expect(await subject(port)).toBe("two");
    go.resolve();
    expect(await running).toBe("first last");
    expect(await (await fetch(base, insecure)).json()).toMatchObject({ url: `${base}/` });
    expect(() => server!.useCertificate({ cert: "nonsense", key: "nonsense" })).toThrow();
    expect(await subject(port)).toBe("two");
  });

  test("a port that somebody has is not taken", async () => {
    serve({ certificate: one });
    const { port } = server!;
    expect(() =>
      startHttpServer({
        host: "127.0.0.1",
        port,
        doors: [],
        authenticator: authenticatorOf(),
        newRequestId: () => "",
        onRefused: () => {},
        onBug: () => {},
        certificate: two,
      }),
    ).toThrow();
    expect(await subject(port)).toBe("one");
  });
});

describe("half-open connections", () => {
  test("a thousand of them keep nobody waiting", async () => {
    const base = serve();
    const sockets = await Promise.all(
      Array.from({ length: 1000 }, (_, at) => {
        const { promise, resolve, reject } = Promise.withResolvers<Socket>();
        const socket = connectPlain(server!.port, "127.0.0.1", () => {
          // Some say nothing, some begin a head, some begin a body.
          if (at % 3 === 1) socket.write("GET / HTTP/1.1\r\nHost: 127.");
          if (at % 3 === 2) socket.write("POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\nabc");
          resolve(socket);
        });
        socket.on("error", reject);
        return promise;
      }),
    );
    for (let turn = 0; turn < 20; turn++) {
      const beganAt = performance.now();
      expect((await fetch(base)).status).toBe(200);
      expect(performance.now() - beganAt).toBeLessThan(1000);
    }
    for (const socket of sockets) socket.destroy();
  }, 30_000);
});
