import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { GitListener } from "./git-listener.ts";

/** Answers one request: what `Git-Protocol` said, whether only the advertisement is asked for, the body, a signal for the client's going. */
export type AnswerRequest = (
  protocol: string | undefined,
  mode: "advertise" | "stateless",
  parts: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
) => AsyncIterable<Uint8Array>;

const ANNOUNCEMENT = "001e# service=git-upload-pack\n0000";

/** A listener that speaks Git's smart HTTP for fetches (gitprotocol-http(5)), for tests that want a real client and no server around. */
export async function listenForSmartHttp(answer: AnswerRequest): Promise<GitListener> {
  const failures: unknown[] = [];
  const running = new Set<Promise<void>>();
  const server = createServer((request, response) => {
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    const mode = request.method === "GET" ? "advertise" : "stateless";
    const protocol = request.headers["git-protocol"] as string | undefined;
    const body = request.headers["content-encoding"] === "gzip" ? request.pipe(createGunzip()) : request;
    const kind = mode === "advertise" ? "advertisement" : "result";
    response.setHeader("content-type", `application/x-git-upload-pack-${kind}`);
    const run = (async () => {
      if (mode === "advertise" && protocol !== "version=2") response.write(ANNOUNCEMENT);
      const pieces: Uint8Array[] = [];
      try {
        for await (const bytes of answer(protocol, mode, body as AsyncIterable<Uint8Array>, gone.signal))
          pieces.push(bytes);
      } catch (error) {
        failures.push(error);
      }
      await new Promise<void>((resolve) => void Readable.from(pieces).pipe(response).on("close", resolve));
    })();
    running.add(run);
    void run.finally(() => running.delete(run));
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/repository`,
    failures,
    async idle() {
      await Promise.all(running);
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
