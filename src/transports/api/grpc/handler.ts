import type { DescMessage, DescMethod, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { EncodedMessage } from "./encoded-message.ts";

/** What a handler may know of the call around its messages. */
export interface GrpcCall {
  /** `/gitaly.RefService/FindBranch`. */
  readonly path: string;
  readonly requestId: string;
  /** Address of the client: `127.0.0.1:53210`. */
  readonly peer: string;
  /** Fires when the client gives up or goes away, when the deadline passes, and when a draining server runs out of patience. */
  readonly signal: AbortSignal;
  /** When the client stops waiting, in milliseconds since 1970; undefined when it set no deadline. */
  readonly deadlineAtMs: number | undefined;
  /** Value of a metadata entry, by its name in lower case; several values are joined by `, `. */
  metadata(name: string): string | undefined;
  /** Says something behind the answer, or with the error: a name in lower case, and a value in printable ASCII. */
  setTrailer(name: string, value: string): void;
}

/** What a handler answers with: a generated message, its initial fields, or bytes encoded already. */
export type Answer<O extends DescMessage> = MessageShape<O> | MessageInitShape<O> | EncodedMessage;

export type UnaryHandler<I extends DescMessage, O extends DescMessage> = (
  request: MessageShape<I>,
  call: GrpcCall,
) => Promise<Answer<O>>;

/**
 * The stream of answers is pulled: the next is asked for when the connection can take it. `return()` is called on it when the
 * call ends early.
 */
export type ServerStreamHandler<I extends DescMessage, O extends DescMessage> = (
  request: MessageShape<I>,
  call: GrpcCall,
) => AsyncIterable<Answer<O>>;

/** The stream of requests can be iterated once; it rejects when the call ends early or a message is malformed. */
export type ClientStreamHandler<I extends DescMessage, O extends DescMessage> = (
  requests: AsyncIterable<MessageShape<I>>,
  call: GrpcCall,
) => Promise<Answer<O>>;

export type DuplexHandler<I extends DescMessage, O extends DescMessage> = (
  requests: AsyncIterable<MessageShape<I>>,
  call: GrpcCall,
) => AsyncIterable<Answer<O>>;

type HandlerOf<K, I extends DescMessage, O extends DescMessage> = K extends "unary"
  ? UnaryHandler<I, O>
  : K extends "server_streaming"
    ? ServerStreamHandler<I, O>
    : K extends "client_streaming"
      ? ClientStreamHandler<I, O>
      : DuplexHandler<I, O>;

/** The handler type that a method's descriptor asks for: `MethodHandler<typeof RefService.method.findBranch>`. */
export type MethodHandler<M extends Pick<DescMethod, "input" | "output" | "methodKind">> = HandlerOf<
  M["methodKind"],
  M["input"],
  M["output"]
>;
