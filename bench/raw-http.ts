import { connect, type Socket } from "node:net";

const LENGTH = /\r\ncontent-length: (\d+)\r\n/i;
const CHUNKED = /\r\ntransfer-encoding: chunked\r\n/i;
const LAST_CHUNK = Buffer.from("0\r\n\r\n");

const OK: readonly number[] = [200];
const WITHOUT_BODY: readonly number[] = [204, 304];

/** One kept connection that sends a prepared request and waits for the whole answer: as little of a client as can be. */
export class RawHttp {
  readonly #socket: Socket;
  #received: Buffer[] = [];
  #length = 0;
  /** Bytes of the whole answer; unknown before its header is there, and for chunked ones. */
  #wanted: number | "chunked" | undefined;
  #done: PromiseWithResolvers<number> | undefined;
  #expected = OK;

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

  /** Sends a request; answers the length of the whole answer in bytes. Throws when its status is none of those expected. */
  send(request: Buffer, expected = OK): Promise<number> {
    this.#expected = expected;
    this.#received = [];
    this.#length = 0;
    this.#wanted = undefined;
    this.#done = Promise.withResolvers<number>();
    this.#socket.write(request);
    return this.#done.promise;
  }

  /** What the last answer held, as JSON. */
  body(): unknown {
    const bytes = Buffer.concat(this.#received);
    return JSON.parse(bytes.toString("utf8", bytes.indexOf("\r\n\r\n") + 4));
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
    const status = Number(header.slice("HTTP/1.1 ".length, "HTTP/1.1 200".length));
    if (!this.#expected.includes(status)) this.#done?.reject(new Error(bytes.toString("utf8")));
    if (WITHOUT_BODY.includes(status)) {
      this.#wanted = end + 4;
      return;
    }
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

/** A request with the headers given; a body is sent as JSON. */
export function apiRequest(
  address: string,
  method: string,
  path: string,
  { headers = [], body }: { readonly headers?: readonly string[]; readonly body?: unknown } = {},
): Buffer {
  const text = body === undefined ? "" : JSON.stringify(body);
  const described =
    body === undefined ? [] : ["Content-Type: application/json", `Content-Length: ${Buffer.byteLength(text)}`];
  const header = [`${method} ${path} HTTP/1.1`, `Host: ${new URL(address).host}`, ...headers, ...described];
  return Buffer.from(`${header.join("\r\n")}\r\n\r\n${text}`);
}
