import type { DescMessage, Message } from "@bufbuild/protobuf";
import type { Answer } from "./handler.ts";
import { type MessageEncoding, MessageReader } from "./message-reader.ts";
import { RequestStream } from "./request-stream.ts";
import { refuseRest, ResponseWriter } from "./response-writer.ts";
import { type CallOrigin, type CallServices, ignore, type Route, ServerCall } from "./server-call.ts";
import type { BoundHandler } from "./service.ts";
import { SingleRequest } from "./single-request.ts";
import { StatusCode } from "./status-code.ts";
import { GrpcStatusError } from "./status-error.ts";
import { errorTrailers, okTrailers } from "./status-trailers.ts";

/** Requests that wait for their handler; beyond that the client is not read from. */
const QUEUED_REQUEST_BYTES_MAX = 256 * 1024;

export type StreamingHandler = Exclude<BoundHandler, { readonly kind: "unary" }>;

/** A call with a stream of requests, of answers, or of both. */
export class StreamingCall extends ServerCall {
  readonly #bound: StreamingHandler;
  readonly #encoding: MessageEncoding;
  readonly #writer: ResponseWriter;
  #requests: RequestStream<Message> | undefined;
  #answers: AsyncIterator<Answer<DescMessage>> | undefined;
  #requestEnded = false;
  #answeredBytes = 0;

  constructor(
    origin: CallOrigin,
    encoding: MessageEncoding,
    route: Route,
    services: CallServices,
    bound: StreamingHandler,
  ) {
    super(origin, route, services);
    this.#bound = bound;
    this.#encoding = encoding;
    this.#writer = new ResponseWriter(this.stream);
  }

  start(): void {
    const bound = this.#bound;
    if (bound.kind === "server_streaming") {
      this.#readSingle((request) => void this.#pump(() => bound.handle(request, this)));
      return;
    }
    const requests = this.#readStream();
    if (bound.kind === "client_streaming") void this.#answer(() => bound.handle(requests, this));
    else void this.#pump(() => bound.handle(requests, this));
  }

  #readSingle(handle: (request: Message) => void): void {
    const request = new SingleRequest(this.#encoding, this.messageBytesMax);
    this.stream.on("data", (chunk: Buffer) => {
      this.#unlessOver(() => request.push(chunk));
    });
    this.stream.on("end", () => {
      this.#requestEnded = true;
      this.#unlessOver(() => handle(this.decode(request.take())));
    });
  }

  #readStream(): RequestStream<Message> {
    const { stream } = this;
    const reader = new MessageReader(this.#encoding, this.messageBytesMax);
    const requests = new RequestStream<Message>((queuedBytes) => {
      if (queuedBytes === 0 && stream.isPaused()) stream.resume();
    });
    this.#requests = requests;
    stream.on("data", (chunk: Buffer) => {
      this.#unlessOver(() => {
        reader.push(chunk);
        for (let bytes = reader.next(); bytes !== undefined; bytes = reader.next()) {
          const queuedBytes = requests.push(this.decode(bytes), bytes.byteLength);
          if (queuedBytes > QUEUED_REQUEST_BYTES_MAX) stream.pause();
        }
      });
    });
    // Some clients end their request before they reset it. The reset mostly follows in the same packet: a stream of requests
    // that was given up shall not look complete.
    stream.on("end", () => {
      this.#requestEnded = true;
      setImmediate(() => {
        this.#unlessOver(() => {
          if (reader.hasRest) throw new GrpcStatusError(StatusCode.INTERNAL, "grpc: the request ends within a message");
          requests.end();
        });
      });
    });
    return requests;
  }

  /** What goes wrong with a request ends the call, also when its handler runs already. */
  #unlessOver(step: () => void): void {
    if (this.over) return;
    try {
      step();
    } catch (error) {
      this.end(this.statusOf(error));
    }
  }

  async #answer(handle: () => Promise<Answer<DescMessage>>): Promise<void> {
    try {
      const answer = await handle();
      if (this.over) return;
      this.#succeed(this.route.method.encode(answer));
    } catch (error) {
      this.fail(error);
    }
  }

  async #pump(handle: () => AsyncIterable<Answer<DescMessage>>): Promise<void> {
    try {
      const answers = handle()[Symbol.asyncIterator]();
      this.#answers = answers;
      for (;;) {
        const next = await answers.next();
        if (this.over) return;
        if (next.done === true) break;
        if (this.#writer.write(this.#counted(this.route.method.encode(next.value)))) continue;
        await this.#writer.drained();
        if (this.over) return;
      }
      this.#succeed();
    } catch (error) {
      this.fail(error);
      // A message that could not be encoded, or was one too many, leaves the handler waiting.
      this.#returnAnswers();
    }
  }

  /** Counts a frame of the answer; throws when it is one too many. */
  #counted(frame: Uint8Array): Uint8Array {
    const { answerLimit } = this.services;
    this.#answeredBytes += frame.byteLength;
    if (answerLimit !== undefined && this.#answeredBytes > answerLimit.bytesMax) throw answerLimit.error();
    return frame;
  }

  #succeed(last?: Uint8Array): void {
    this.finish(StatusCode.OK);
    this.#writer.end(okTrailers(this.trailers), last);
    if (!this.#requestEnded) refuseRest(this.stream);
  }

  protected sendFailure(error: GrpcStatusError): void {
    this.#writer.end(errorTrailers(error, this.requestId, this.trailers));
    if (!this.#requestEnded) refuseRest(this.stream);
  }

  protected stopHandler(error: GrpcStatusError): void {
    this.#requests?.fail(error);
    this.#returnAnswers();
    this.#writer.release();
  }

  /** A generator that is busy returns once it gets to its next yield. */
  #returnAnswers(): void {
    const returned = this.#answers?.return?.();
    returned?.catch(ignore);
    this.#answers = undefined;
  }
}
