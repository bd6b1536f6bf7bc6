import { connect, type Socket } from "node:net";

const LENGTH = /\r\ncontent-length: (\d+)\r\n/i;
const CHUNKED = /\r\ntransfer-encoding: chunked\r\n/i;
const LAST_CHUNK = Buffer.from("0\r\n\r\n");

/** One kept connection that sends a prepared request and waits for the whole answer: as little of a client as can be. */
export class RawHttp {
  readonly #socket: Socket;
  #received: Buffer[] = [];
  #length = 0;
  /** Bytes of the whole answer; unknown before its header is there, and for chunked ones. */
  #wanted: number | "chunked" | undefined;
  #done: PromiseWithResolvers<number> | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    socket.on("error", (error) => this.#done?.reject(error));
    socket.on("close", () => this.#done?.reject(new Error("connection closed")));
  }

  static async open(address: string): Promise<RawHttp> {
    const { hostname, port } = new URL(address);
    const socket = connect(Number(port), hostname);
    await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    return new RawHttp(socket);
  }

  /** Sends a request; answers the length of the whole answer in bytes. Throws when its status is not 200. */
  send(request: Buffer): Promise<number> {
    this.#received = [];
    this.#length = 0;
    this.#wanted = undefined;
    this.#done = Promise.withResolvers<number>();
    this.#socket.write(request);
    return this.#done.promise;
  }

  close(): void {
    this.#done = undefined;
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received.push(chunk);
    this.#length += chunk.length;
    if (this.#wanted === undefined) this.#readHeader();
    const isWhole =
      this.#wanted === "chunked"
        ? this.#endsWith(LAST_CHUNK)
        : this.#wanted !== undefined && this.#length >= this.#wanted;
    if (isWhole) this.#done?.resolve(this.#length);
  }

  #readHeader(): void {
    const bytes = Buffer.concat(this.#received);
    const end = bytes.indexOf("\r\n\r\n");
    if (end < 0) return;
    const header = bytes.toString("latin1", 0, end + 2);
    if (!header.startsWith("HTTP/1.1 200")) this.#done?.reject(new Error(header.slice(0, header.indexOf("\r\n"))));
    const length = LENGTH.exec(header)?.[1];
    this.#wanted = length === undefined && CHUNKED.test(header) ? "chunked" : end + 4 + Number(length ?? 0);
  }

  #endsWith(tail: Buffer): boolean {
    const last = this.#received.at(-1)!;
    const bytes = last.length >= tail.length ? last : Buffer.concat(this.#received.slice(-3));
    return bytes.subarray(-tail.length).equals(tail);
  }
}

/** A POST of Git's protocol, version 2, to a service of a repository. */
export function uploadPackRequest(address: string, path: string, body: Buffer): Buffer {
  const { host } = new URL(address);
  const header = [
    `POST ${path}/git-upload-pack HTTP/1.1`,
    `Host: ${host}`,
    "Git-Protocol: version=2",
    "Content-Type: application/x-git-upload-pack-request",
    "Accept: application/x-git-upload-pack-result",
    `Content-Length: ${body.length}`,
  ];
  return Buffer.concat([Buffer.from(`${header.join("\r\n")}\r\n\r\n`), body]);
}
