import { createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { create, type DescMethod, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import { Metadata, Server, ServerCredentials, type ServerDuplexStream, status } from "@grpc/grpc-js";
import { PROTOCOL_SERVICES, rawDefinition } from "./protocol-services.ts";

/** Fields of an answer, as `create` of the message takes them. */
export type Answer = Readonly<Record<string, unknown>>;

/** What becomes of one call. */
export type Fate =
  /** Answers, and all is well. */
  | { readonly kind: "answer"; readonly answers: readonly Answer[] }
  /** Ends with a status, maybe after some answers. */
  | {
      readonly kind: "status";
      readonly code: status;
      readonly details: string;
      readonly trailers: Metadata;
      readonly answers: readonly Answer[];
    }
  /** Answers so much, then says nothing until the client has enough. */
  | { readonly kind: "hang"; readonly answers: readonly Answer[] }
  /** Answers so much, then the connection is gone. */
  | { readonly kind: "cut"; readonly answers: readonly Answer[] }
  /** Gives each answer only when the promise before it is fulfilled. */
  | { readonly kind: "slow"; readonly answers: readonly Answer[]; readonly before: (index: number) => Promise<void> };

export const answering = (...answers: readonly Answer[]): Fate => ({ kind: "answer", answers });
export const hanging = (...answers: readonly Answer[]): Fate => ({ kind: "hang", answers });
export const cutting = (...answers: readonly Answer[]): Fate => ({ kind: "cut", answers });

export function failing(
  code: status,
  { details = "failed on purpose", trailers = new Metadata(), answers = [] as readonly Answer[] } = {},
): Fate {
  return { kind: "status", code, details, trailers, answers };
}

/** One call that has come in. */
export interface ReceivedCall {
  readonly method: string;
  readonly requests: readonly Message[];
  readonly metadata: Metadata;
  /** When the client will have had enough, in milliseconds since 1970; `Infinity` for never. */
  readonly deadlineMs: number;
  /** Fulfilled when the client has cancelled the call, or it was over. */
  readonly ended: Promise<void>;
}

/** A server that does what its script says. */
export class FaultyGitaly {
  readonly calls: ReceivedCall[] = [];
  readonly #scripts = new Map<string, Fate[]>();
  readonly #otherwise = new Map<string, Fate>();
  readonly #received: { readonly method: string; readonly message: Message }[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #sockets = new Set<Socket>();
  readonly #server = new Server();
  readonly #listener = createServer((socket) => this.#welcome(socket));
  readonly #injector = this.#server.createConnectionInjector(ServerCredentials.createInsecure());

  private constructor() {
    for (const service of PROTOCOL_SERVICES) {
      const handlers = service.methods.map((method) => [
        method.name,
        (call: ServerDuplexStream<Buffer, Buffer>) => void this.#meet(method, call),
      ]);
      this.#server.addService(rawDefinition(service), Object.fromEntries(handlers));
    }
  }

  /** Listens on a port, any free one without. */
  static async start(port = 0): Promise<FaultyGitaly> {
    const faulty = new FaultyGitaly();
    await new Promise<void>((resolve, reject) => {
      faulty.#listener.once("error", reject);
      faulty.#listener.listen(port, "127.0.0.1", resolve);
    });
    return faulty;
  }

  /** `host:port`. */
  get address(): string {
    return `127.0.0.1:${(this.#listener.address() as AddressInfo).port}`;
  }

  /** What becomes of the next calls of a method, in their order; a call beyond them has the fate of `otherwise`. */
  script(method: string, ...fates: readonly Fate[]): void {
    this.#scripts.set(method, [...(this.#scripts.get(method) ?? []), ...fates]);
  }

  /** What becomes of the calls of a method that no script speaks of; INTERNAL without. */
  otherwise(method: string, fate: Fate): void {
    this.#otherwise.set(method, fate);
  }

  /** How often a method was called. */
  count(method: string): number {
    return this.calls.filter((call) => call.method === method).length;
  }

  /** Waits until a method was called so often. */
  async called(method: string, times = 1): Promise<ReceivedCall> {
    while (this.count(method) < times) await new Promise<void>((resolve) => this.#waiting.add(resolve));
    return this.calls.filter((call) => call.method === method).at(times - 1) as ReceivedCall;
  }

  /** Waits for a message of a method that is as expected, of a request that may never end. */
  async received(method: string, expected: (message: Message) => boolean): Promise<void> {
    const has = () => this.#received.some((each) => each.method === method && expected(each.message));
    while (!has()) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  /** Every connection is gone at once. */
  cutConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#server.forceShutdown();
    this.cutConnections();
    return new Promise((resolve) => this.#listener.close(() => resolve()));
  }

  #welcome(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#sockets.delete(socket));
    this.#injector.injectConnection(socket);
  }

  async #meet(method: DescMethod, call: ServerDuplexStream<Buffer, Buffer>): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      call.on("cancelled", resolve);
      call.on("close", resolve);
    });
    const requests = await requestsOf(method, call, (message) => {
      this.#received.push({ method: method.name, message });
      this.#wake();
    });
    if (requests === undefined) return;
    this.calls.push({
      method: method.name,
      requests,
      metadata: call.metadata,
      deadlineMs: Number(call.getDeadline()),
      ended,
    });
    this.#wake();
    const unknown = failing(status.INTERNAL, { details: `no script for ${method.name}` });
    const fate = this.#scripts.get(method.name)?.shift() ?? this.#otherwise.get(method.name) ?? unknown;
    await this.#decide(method, call, fate);
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  async #decide(method: DescMethod, call: ServerDuplexStream<Buffer, Buffer>, fate: Fate): Promise<void> {
    for (const [index, answer] of fate.answers.entries()) {
      if (fate.kind === "slow") await fate.before(index);
      if (call.cancelled) return;
      const bytes = Buffer.from(toBinary(method.output, create(method.output, answer)));
      await new Promise((resolve) => call.write(bytes, resolve));
    }
    if (fate.kind === "hang") return;
    if (fate.kind === "cut") {
      // What was written goes out before the connection does.
      for (const socket of this.#sockets) socket.destroySoon();
      return;
    }
    if (fate.kind !== "status") return void call.end();
    const { code, details, trailers } = fate;
    call.emit("error", { code, details, metadata: trailers });
  }
}

/** All messages of a request; the first one alone where the answer depends on it. Undefined when the client is gone. */
async function requestsOf(
  method: DescMethod,
  call: ServerDuplexStream<Buffer, Buffer>,
  onMessage: (message: Message) => void,
): Promise<Message[] | undefined> {
  const requests: Message[] = [];
  const decode = (bytes: Buffer) => {
    const message = fromBinary(method.input, bytes);
    requests.push(message);
    onMessage(message);
  };
  return new Promise((resolve) => {
    call.on("data", (bytes: Buffer) => {
      decode(bytes);
      if (method.methodKind === "bidi_streaming") resolve(requests);
    });
    call.on("end", () => resolve(requests));
    call.on("error", () => resolve(undefined));
    call.on("cancelled", () => resolve(undefined));
  });
}
