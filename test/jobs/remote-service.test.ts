import { describe, expect, test } from "bun:test";
import type { RemoteAccess } from "../../src/contract/remotes.ts";
import { RemoteService, type RemoteServiceOptions } from "../../src/jobs/remote-service.ts";
import { failure } from "../support/read-story.ts";

const HOST = "https://git.example.com/project.git";
const signal = new AbortController().signal;

function serviceOf(more: Partial<RemoteServiceOptions> = {}): RemoteService {
  const remote = { list: () => Promise.resolve({ references: [] }) };
  return new RemoteService({ allowPrivate: false, timeoutMs: 1000, bytesMax: 1000, remote, ...more });
}

describe("RemoteService", () => {
  test("looks a name up once, and hands over the address that was checked", async () => {
    const answers = [["93.184.216.34"], ["127.0.0.1"]];
    const service = serviceOf({ resolve: async () => answers.shift()! });
    expect(await service.open({ url: HOST }, signal)).toMatchObject({ url: HOST, address: "93.184.216.34" });
    // The next time the name means something else.
    expect((await failure(service.open({ url: HOST }, signal), "target_not_allowed")).details.host).toBe(
      "git.example.com",
    );
  });

  test("a name with one address that is not public is refused", async () => {
    for (const bad of ["10.1.2.3", "::1", "fe80::1", "169.254.169.254", "::ffff:10.0.0.1", "100.64.0.1"]) {
      const service = serviceOf({ resolve: async () => ["93.184.216.34", bad] });
      await failure(service.open({ url: HOST }, signal), "target_not_allowed");
    }
  });

  test("a name without an address, or one that nobody answers for, cannot be reached", async () => {
    await failure(serviceOf({ resolve: async () => [] }).open({ url: HOST }, signal), "remote_unreachable");
    const broken = serviceOf({ resolve: () => Promise.reject(new Error("ENOTFOUND")) });
    await failure(broken.open({ url: HOST }, signal), "remote_unreachable");
  });

  test("one that is called off waits for no look-up", async () => {
    const service = serviceOf({ resolve: () => new Promise(() => {}) });
    await failure(service.open({ url: HOST }, AbortSignal.timeout(20)), "canceled");
  });

  test("a password goes to a public address over https only", async () => {
    const source = (url: string) => ({ url, credential: { secret: Buffer.from("x") } });
    const open = (address: string) => serviceOf({ allowPrivate: true, resolve: async () => [address] });
    await failure(open("93.184.216.34").open(source("http://git.example.com/x"), signal), "invalid_input");
    expect((await open("10.0.0.1").open(source("http://git.example.com/x"), signal)).address).toBe("10.0.0.1");
    expect((await open("93.184.216.34").open(source(HOST), signal)).address).toBe("93.184.216.34");
  });

  test("names that are no references are refused", async () => {
    const oid = "1".repeat(40) as never;
    const remote = { list: async () => ({ references: [{ name: "refs/heads/../../config", oid }] }) };
    const access = { url: HOST, address: "93.184.216.34", timeoutMs: 1, bytesMax: 1 } satisfies RemoteAccess;
    await failure(serviceOf({ remote }).list(access, signal), "remote_refused");
  });
});
