import type { DescMessage } from "@bufbuild/protobuf";
import type { Answer, UnaryHandler } from "./handler.ts";
import type { MessageEncoding } from "./message-reader.ts";
import { refuseRest, sendAnswer, sendStatus } from "./response-writer.ts";
import { type CallOrigin, type CallServices, type Route, ServerCall } from "./server-call.ts";
import { SingleRequest } from "./single-request.ts";
import { StatusCode } from "./status-code.ts";
import type { GrpcStatusError } from "./status-error.ts";

/** A call with one message in each direction. Most calls are, so it makes no more objects than it has to. */
export class UnaryCall extends ServerCall {
  readonly #handle: UnaryHandler<DescMessage, DescMessage>;
  readonly #request: SingleRequest;
  #requestEnded = false;

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
    this.stream.on("data", (chunk: Buffer) => {
      if (this.over) return;
      try {
        this.#request.push(chunk);
      } catch (error) {
        this.fail(error);
      }
    });
    this.stream.on("end", () => {
      this.#requestEnded = true;
      if (!this.over) void this.#run();
    });
  }

  async #run(): Promise<void> {
    try {
      const request = this.decode(this.#request.take());
      this.#answer(await this.#handle(request, this));
    } catch (error) {
      this.fail(error);
    }
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
