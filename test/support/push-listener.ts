import { createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import type { Caller } from "../../src/contract/principal.ts";
import type { RepositoryRef } from "../../src/contract/repository-ref.ts";
import { receivePack } from "../../src/operations/git/receive-pack.ts";
import { lineOf, PacketReader } from "../../src/wire/pkt-line.ts";
import type { TestEngine } from "./test-engine.ts";

/** What became of one connection. */
export interface Served {
  readonly repository: RepositoryRef;
  readonly error?: unknown;
}

/** A port to which real git pushes by git://, with the operation behind it and nothing else. */
export class PushListener {
  readonly served: Served[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #running = new Set<Promise<void>>();
  readonly #test: TestEngine;
  readonly #as: Partial<Caller>;

  private constructor(test: TestEngine, as: Partial<Caller>) {
    this.#test = test;
    this.#as = as;
    this.#server = createServer((socket) => {
      const running = this.#serve(socket).finally(() => this.#running.delete(running));
      this.#running.add(running);
    });
  }

  static async open(test: TestEngine, as: Partial<Caller> = {}): Promise<PushListener> {
    const listener = new PushListener(test, as);
    await new Promise<void>((resolve) => listener.#server.listen(0, "127.0.0.1", resolve));
    return listener;
  }

  /** Address of a repository, by its name without `.git`. */
  urlOf(name: string): string {
    return `git://127.0.0.1:${this.port}/${name}`;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Waits until nothing is being served. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await this.idle();
    await closed;
  }

  async #serve(socket: Socket): Promise<void> {
    this.#sockets.add(socket);
    const gone = new AbortController();
    socket.on("error", () => gone.abort());
    socket.on("close", () => {
      this.#sockets.delete(socket);
      gone.abort();
    });
    const reader = new PacketReader(incoming(socket));
    let repository: RepositoryRef = { storage: "default", relativePath: "" };
    try {
      const [path = "", , ...rest] = lineOf((await reader.next()) as Buffer)
        .replace(/^git-receive-pack \//, "")
        .split("\0");
      const protocol = rest.filter((word) => word.startsWith("version=")).join(":");
      repository = { storage: "default", relativePath: `${path}.git` };
      const caller = { ...this.#test.caller, ...this.#as, signal: gone.signal };
      const conversation = { repository, mode: "stateful" as const, ...(protocol === "" ? {} : { protocol }) };
      for await (const bytes of this.#test.engine.run(receivePack, conversation, caller, reader.rest())) {
        if (socket.destroyed) break;
        if (!socket.write(bytes))
          await new Promise<void>((resolve) => socket.once("drain", resolve).once("close", resolve));
      }
      this.served.push({ repository });
    } catch (error) {
      this.served.push({ repository, error });
    } finally {
      socket.end();
      // A client that is still sending is cut off once it has had its answer.
      socket.resume();
    }
  }
}

/** What comes in. It is read without delay, so that the going of a client that nobody listens to is noticed. */
function incoming(socket: Socket): AsyncIterable<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    start(controller) {
      socket.on("data", (chunk) => controller.enqueue(chunk as Buffer));
      socket.once("end", () => controller.close());
      socket.once("error", (error) => controller.error(error));
    },
  });
}
