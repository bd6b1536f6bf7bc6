import type { DescMessage } from "@bufbuild/protobuf";
import { type BodyRoom, SMALL_BYTES } from "../derived/body-budget.ts";
import type { Answer, UnaryHandler } from "./handler.ts";
import type { MessageEncoding } from "./message-reader.ts";
import { refuseRest, sendAnswer, sendStatus } from "./response-writer.ts";
import { type CallOrigin, type CallServices, type Route, ServerCall } from "./server-call.ts";
import { SingleRequest } from "./single-request.ts";
import { StatusCode } from "./status-code.ts";
import { GrpcStatusError } from "./status-error.ts";

/** A call with one message in each direction. Most calls are, so it makes no more objects than it has to. */
export class UnaryCall extends ServerCall {
  readonly #handle: UnaryHandler<DescMessage, DescMessage>;
  readonly #request: SingleRequest;
  #requestEnded = false;
  #room: BodyRoom | undefined;
  #isRunning = false;
  /** Runs while memory waits for the rest of the message. */
  #stall: ReturnType<typeof setTimeout> | undefined;

  constructor(
    origin: CallOrigin,
    encoding: MessageEncoding,
    route: Route,
    services: CallServices,
    handle: UnaryHandler<DescMessage, DescMessage>,
  ) {
    super(origin, route, services);
    this.#handle = handle;
    this.#request = new SingleRequest(encoding, this.messageBytesMax);
  }

  start(): void {
    const { room } = this.route.method;
    if (room !== undefined) this.#request.hold();
    let hasRoom = room === undefined;
    this.stream.on("data", (chunk: Buffer) => {
      if (this.over) return;
      try {
        this.#request.push(chunk);
        this.#stall?.refresh();
        if (hasRoom || this.#request.memoryBytes === undefined) return;
        hasRoom = true;
        this.#makeRoom(this.#request.memoryBytes, room!);
      } catch (error) {
        this.fail(error);
      }
    });
    this.stream.on("end", () => {
      this.#requestEnded = true;
      clearTimeout(this.#stall);
      if (!this.over) void this.#run();
    });
  }

  /** A large message waits until there is memory for it, and its client meanwhile. */
  #makeRoom(bytes: number, room: () => BodyRoom): void {
    if (bytes <= SMALL_BYTES) return this.#request.admit();
    this.#room = room();
    this.stream.pause();
    this.#room.reserve(bytes, this.signal).then(
      () => this.#admit(),
      (error) => this.fail(error),
    );
  }

  #admit(): void {
    if (this.over) return this.#room?.release();
    try {
      this.#request.admit();
      this.#stall = setTimeout(() => this.end(stalled()), this.services.stallTimeoutMs);
      this.stream.resume();
    } catch (error) {
      this.fail(error);
    }
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    try {
      const request = this.decode(this.#request.take());
      this.#answer(await this.#handle(request, this));
    } catch (error) {
      this.fail(error);
    } finally {
      this.#room?.release();
    }
  }

  protected override finish(code: StatusCode): void {
    super.finish(code);
    clearTimeout(this.#stall);
    // A handler that still runs has the message.
    if (!this.#isRunning) this.#room?.release();
  }

  #answer(answer: Answer<DescMessage>): void {
    if (this.over) return;
    const frame = this.route.method.encode(answer);
    this.finish(StatusCode.OK);
    sendAnswer(this.stream, frame, this.trailers);
  }

  protected sendFailure(error: GrpcStatusError): void {
    sendStatus(this.stream, error, this.requestId, this.trailers);
    if (!this.#requestEnded) refuseRest(this.stream);
  }

  protected stopHandler(): void {
    // Its signal has fired; there is nothing else that it waits for.
  }
}

function stalled(): GrpcStatusError {
  return new GrpcStatusError(StatusCode.CANCELLED, "the rest of the message has not come");
}
