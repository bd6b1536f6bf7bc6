import { createServer, type AddressInfo, type Socket } from "node:net";
import { PacketReader } from "../../src/wire/pkt-line.ts";

/** Answers one conversation: what GIT_PROTOCOL would be, the client's bytes, and a signal for its going. */
export type Converse = (
  protocol: string | undefined,
  parts: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
) => AsyncIterable<Uint8Array>;

/** A listener that speaks git:// on a free port, for tests that want a real client and no server around. */
export interface GitListener {
  /** Address of the one repository. */
  readonly url: string;
  /** What conversations failed with. */
  readonly failures: unknown[];
  /** Resolves when no conversation runs. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

export async function listenForGit(converse: Converse): Promise<GitListener> {
  const sockets = new Set<Socket>();
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const server = createServer((socket) => {
    sockets.add(socket);
    const run = serve(socket, converse).catch((error: unknown) => void failures.push(error));
    running.add(run);
    void run.finally(() => {
      sockets.delete(socket);
      running.delete(run);
      socket.destroy();
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `git://127.0.0.1:${port}/repository`,
    failures,
    async idle() {
      await Promise.all(running);
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await Promise.all(running);
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function serve(socket: Socket, converse: Converse): Promise<void> {
  const gone = new AbortController();
  socket.on("error", () => gone.abort());
  socket.on("close", () => gone.abort());
  const reader = new PacketReader(socket as AsyncIterable<Uint8Array>);
  // git-upload-pack PATH NUL host=… NUL NUL version=2 NUL (gitprotocol-pack(5))
  const line = (await reader.next()) as Buffer;
  const protocol = line
    .toString("latin1")
    .split("\0")
    .find((word) => word.startsWith("version="));
  for await (const bytes of converse(protocol, reader.rest(), gone.signal)) {
    if (!socket.write(bytes)) await drained(socket, gone.signal);
  }
  await new Promise<void>((resolve) => void socket.end(resolve));
}

function drained(socket: Socket, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once("drain", resolve);
    signal.addEventListener("abort", () => reject(new Error("the client has gone")), { once: true });
  });
}
