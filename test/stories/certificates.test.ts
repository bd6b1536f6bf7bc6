// A server with a certificate: git and gRPC over TLS, and a new certificate while it runs.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { git, gitOutput } from "../support/git-client.ts";
import { holdfast, startServer, type RunningServer } from "../support/running-server.ts";
import { selfSigned } from "../support/self-signed.ts";

const place = mkdtempSync(join(tmpdir(), "holdfast-certificates-"));
const one = selfSigned(place, "one");
const two = selfSigned(place, "two");
const TLS = { HOLDFAST_TLS_CERT: join(place, "server.crt"), HOLDFAST_TLS_KEY: join(place, "server.key") };
let server: RunningServer;

function install({ certPath, keyPath }: typeof one): void {
  copyFileSync(certPath, TLS.HOLDFAST_TLS_CERT);
  copyFileSync(keyPath, TLS.HOLDFAST_TLS_KEY);
}

beforeAll(async () => {
  install(one);
  server = await startServer({ data: join(place, "data"), env: TLS });
  expect((await holdfast(["repo", "create", "alice/one"], { HOLDFAST_DATA: server.data })).code).toBe(0);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(place, { recursive: true, force: true });
});

/** The name on the certificate that a door shows. */
function shown(address: string): Promise<unknown> {
  const port = Number(address.slice(address.lastIndexOf(":") + 1));
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const options = { host: "127.0.0.1", port, rejectUnauthorized: false, ALPNProtocols: ["h2", "http/1.1"] };
  const socket = connect(options, () => {
    resolve(socket.getPeerCertificate().subject.CN);
    socket.destroy();
  });
  // A connection that is being made while the certificate changes may be cut off (SHORTCOMINGS.md).
  socket.on("error", () => resolve(undefined));
  return promise;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await Bun.sleep(5);
}

describe("a certificate", () => {
  const names = () => Promise.all([shown(server.addresses["http"]!), shown(server.addresses["grpc"]!)]);
  const hangUp = () => process.kill(server.pid, "SIGHUP");

  test("is what git sees, and a new one after SIGHUP; a broken one changes nothing", async () => {
    expect(server.addresses["http"]).toStartWith("https://127.0.0.1:");
    const url = `${server.addresses["http"]}/git/alice/one`;
    expect(await gitOutput(place, ["-c", `http.sslCAInfo=${one.certPath}`, "ls-remote", url])).toBe("");
    expect((await git(place, ["ls-remote", url])).stderr).toContain("certificate");
    expect(await names()).toEqual(["one", "one"]);

    copyFileSync(two.certPath, TLS.HOLDFAST_TLS_CERT);
    hangUp();
    await until(() => Promise.resolve(server.log().includes("is not the key of")));
    expect(await names()).toEqual(["one", "one"]);

    install(two);
    hangUp();
    await until(async () => (await names()).every((name) => name === "two"));
    expect(await gitOutput(place, ["-c", `http.sslCAInfo=${two.certPath}`, "ls-remote", url])).toBe("");
    expect(await server.stop()).toBe(0);
  }, 30_000);

  test("that cannot be used keeps the server from starting, with a word about it", async () => {
    copyFileSync(one.certPath, TLS.HOLDFAST_TLS_CERT);
    const data = join(place, "other");
    const ports = {
      HOLDFAST_HTTP_PORT: "0",
      HOLDFAST_GRPC_PORT: "0",
      HOLDFAST_SSH_PORT: "off",
      HOLDFAST_GIT_PORT: "off",
    };
    const { code, stderr } = await holdfast(["serve"], { ...TLS, ...ports, HOLDFAST_DATA: data });
    expect([code, stderr]).toEqual([1, expect.stringContaining("is not the key of")]);
  });
});
