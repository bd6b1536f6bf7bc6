import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createServer, type Server } from "node:net";
import type { AddressInfo } from "node:net";
import { postToTarget, PostFailure, type PostOptions } from "../../src/jobs/post-to-target.ts";
import { HookReceiver } from "../support/hook-receiver.ts";

const NEVER = new AbortController().signal;

let receiver: HookReceiver;
beforeAll(() => {
  receiver = HookReceiver.open();
});
afterAll(() => receiver.close());

const post = (url: string, options: Partial<PostOptions> = {}) =>
  postToTarget({ url, headers: { "x-one": "1" }, body: "{}" }, { allowPrivate: true, signal: NEVER, ...options });

/** Why a post failed; fails when it did not. */
async function problem(posted: Promise<unknown>): Promise<string> {
  try {
    await posted;
  } catch (error) {
    if (error instanceof PostFailure) return error.message;
    throw error;
  }
  throw new Error("it was sent");
}

/** A server that says what it is told to, whoever comes. */
async function saying(say: (write: (text: string) => void) => void): Promise<{ url: string; server: Server }> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    say((text) => void socket.write(text));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server };
}

describe("postToTarget", () => {
  test("sends a message and answers what came back", async () => {
    expect(await post(receiver.url("/a?b=c"))).toEqual({ status: 200, text: "thanks" });
    expect(await receiver.next()).toMatchObject({ path: "/a", body: "{}", headers: { "x-one": "1" } });
  });

  test("follows nobody to where he points", async () => {
    receiver.status = 302;
    const before = receiver.received.length;
    expect((await post(receiver.url("/a"))).status).toBe(302);
    expect(receiver.received.slice(before).map(({ path }) => path)).toEqual(["/a"]);
    receiver.status = 200;
    await receiver.next();
  });

  test("connects to nothing that is not public", async () => {
    const before = receiver.received.length;
    const { port } = new URL(receiver.url("/"));
    const inside = ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "0", "localhost"];
    for (const host of inside) {
      expect(await problem(post(`http://${host}:${port}/`, { allowPrivate: false }))).toContain("not public");
    }
    expect(receiver.received).toHaveLength(before);
  });

  test("checks every address of a name, each time, and connects to the one it has checked", async () => {
    const { port } = new URL(receiver.url("/"));
    const url = `http://hooks.example.com:${port}/x`;
    const answers = [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"]];
    for (const addresses of answers) {
      const resolve = async () => addresses;
      expect(await problem(post(url, { allowPrivate: false, resolve }))).toContain("not public");
    }
    let looked = 0;
    const resolve = async () => (++looked === 1 ? ["127.0.0.1"] : ["192.0.2.1"]);
    expect((await post(url, { resolve })).status).toBe(200);
    expect(looked).toBe(1);
    expect((await receiver.next()).headers["host"]).toBe(`hooks.example.com:${port}`);
    expect(await problem(post(url, { allowPrivate: true, resolve: async () => [] }))).toBe("the name has no address");
  });

  test("waits for nobody for ever, and reads no endless answer", async () => {
    const mute = await saying(() => {});
    expect(await problem(post(mute.url, { timeoutMs: 50 }))).toBe("no answer in time");
    const resolve = () => new Promise<string[]>(() => {});
    expect(await problem(post("http://slow.example.com/", { timeoutMs: 50, resolve }))).toBe("no answer in time");
    const endless = await saying((write) => {
      write(`HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 100000000\r\n\r\n${"x".repeat(100_000)}`);
    });
    const { status, text } = await post(endless.url);
    expect([status, text]).toEqual([200, "x".repeat(4096)]);
    mute.server.close();
    endless.server.close();
  });

  test("says why nothing came back", async () => {
    expect(await problem(post("ftp://example.com/"))).toContain("not an http or https URL");
    expect(await problem(post("http://user:secret@example.com/"))).toContain("user or password");
    expect(await problem(post("nonsense"))).toContain("not a URL");
    const { url, server } = await saying(() => {});
    server.close();
    expect(await problem(post(url))).toContain("cannot be reached");
    const ended = new AbortController();
    const mute = await saying(() => ended.abort());
    expect(await problem(post(mute.url, { signal: ended.signal }))).toBe("the server was shutting down");
    mute.server.close();
  });
});
