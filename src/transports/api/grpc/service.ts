import {
  create,
  type DescMessage,
  type DescMethod,
  type DescService,
  fromBinary,
  type Message,
  type MessageShape,
} from "@bufbuild/protobuf";
import type { BodyRoom } from "../derived/body-budget.ts";
import { EncodedMessage } from "./encoded-message.ts";
import type {
  Answer,
  ClientStreamHandler,
  DuplexHandler,
  GrpcCall,
  MethodHandler,
  ServerStreamHandler,
  UnaryHandler,
} from "./handler.ts";
import type { GrpcStatusError } from "./status-error.ts";

/** Handlers of a service by the names of its methods in camelCase; what is missing answers UNIMPLEMENTED. */
export type ServiceHandlers<S extends DescService> = {
  readonly [K in keyof S["method"]]?: MethodHandler<S["method"][K]>;
};

/** How many messages flow in each direction, with the handler that fits. */
export type BoundHandler =
  | { readonly kind: "unary"; readonly handle: UnaryHandler<DescMessage, DescMessage> }
  | { readonly kind: "server_streaming"; readonly handle: ServerStreamHandler<DescMessage, DescMessage> }
  | { readonly kind: "client_streaming"; readonly handle: ClientStreamHandler<DescMessage, DescMessage> }
  | { readonly kind: "bidi_streaming"; readonly handle: DuplexHandler<DescMessage, DescMessage> };

/** A method with its handler, ready for the server. */
export interface BoundMethod {
  /** `/gitaly.RefService/FindBranch`. */
  readonly path: string;
  readonly service: string;
  readonly name: string;
  readonly bound: BoundHandler;
  /** Throws when the bytes are no such message. */
  decode(bytes: Uint8Array): Message;
  encode(answer: Answer<DescMessage>): Uint8Array;
  /** Largest request message; absent: what the server takes. */
  readonly messageBytesMax?: number;
  /** Memory for large request messages of unary methods; absent: they are bounded by their number alone. */
  readonly room?: () => BodyRoom;
  /** Translates what the handler throws, and why a message cannot be decoded; absent: the server's own translation. */
  readonly toStatus?: (error: unknown, call: GrpcCall) => GrpcStatusError;
  /** Refuses a call by its metadata, or lets it pass, before its message is read; absent: the server's own check. */
  readonly admit?: (call: GrpcCall) => Promise<GrpcStatusError | undefined>;
}

/** A service with the handlers of its methods. */
export interface BoundService {
  /** `gitaly.RefService`. */
  readonly typeName: string;
  /** Describes the service to whoever asks: few servers are asked. */
  readonly describe: () => DescService;
  readonly methods: readonly BoundMethod[];
}

/** Binds handlers to a service of the generated code. */
export function service<S extends DescService>(desc: S, handlers: ServiceHandlers<S>): BoundService {
  const byName = handlers as Readonly<Record<string, BoundHandler["handle"] | undefined>>;
  const methods: BoundMethod[] = [];
  for (const method of desc.methods) {
    const handle = byName[method.localName];
    if (handle !== undefined) methods.push(bind(method, handle));
  }
  return { typeName: desc.typeName, describe: () => desc, methods };
}

function bind(method: DescMethod, handle: BoundHandler["handle"]): BoundMethod {
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    service: method.parent.typeName,
    name: method.name,
    // `ServiceHandlers` has checked that the handler fits the method's kind.
    bound: { kind: method.methodKind, handle } as BoundHandler,
    decode: (bytes) => fromBinary(method.input, bytes),
    encode: (answer) => encodeFrame(method.output, answer),
  };
}

function encodeFrame(schema: DescMessage, answer: Answer<DescMessage>): Uint8Array {
  if (answer instanceof EncodedMessage) return answer.frame;
  return EncodedMessage.from(schema, isMessage(answer) ? answer : create(schema, answer)).frame;
}

function isMessage(answer: Exclude<Answer<DescMessage>, EncodedMessage>): answer is MessageShape<DescMessage> {
  return (answer as Partial<Message>).$typeName !== undefined;
}
