import type { Message } from "@bufbuild/protobuf";
import type { Operation } from "../../../contract/operation.ts";
import type { Caller, Principal } from "../../../contract/principal.ts";
import { OperationError } from "../../../domain/errors.ts";
import type { Engine } from "../../../engine/engine.ts";
import { inRequestWords } from "../derived/request-words.ts";
import type { DerivedInput } from "../derived/derived-operation.ts";
import { downloadDerived, runDerived } from "../derived/run-derived.ts";
import { EncodedMessage } from "../grpc/encoded-message.ts";
import type { GrpcCall } from "../grpc/handler.ts";
import type { BoundHandler, BoundMethod, BoundService } from "../grpc/service.ts";
import type { GrpcStatusError } from "../grpc/status-error.ts";
import type { FieldNumberTable } from "./field-numbers.ts";
import { fileDescriptors } from "./file-descriptors.ts";
import { type HoldfastMethod, holdfastPackage } from "./holdfast-package.ts";
import { PACKAGE } from "./message-type.ts";
import { statusOfOperationError } from "./status-of-operation-error.ts";
import { wireCodec } from "./wire-codec.ts";

/** Where calls name their session, unless their message does. */
const SESSION_METADATA = "holdfast-session";
const IDEMPOTENCY_METADATA = "idempotency-key";
/** What a message may have beside the largest content, bytes. */
const FIELDS_BYTES_MAX = 1024 * 1024;

export interface HoldfastDoorOptions {
  readonly engine: Engine;
  /** Those that have a route are served. */
  readonly operations: readonly Operation[];
  /** Numbers of the fields that programs have been built with. */
  readonly fieldNumbers: FieldNumberTable;
  /** Who calls, by the `authorization` of his metadata. Throws `unauthenticated`. */
  readonly principalOf: (authorization: string | undefined) => Promise<Principal>;
  /** Largest content of a file that is written. */
  readonly blobBytesMax: number;
  /** Told what was thrown that is not an OperationError: a bug. */
  readonly onBug: (error: unknown, requestId: string) => void;
}

/** A message that has come, not yet read: what is wrong with it is an error of the call. */
interface RawMessage extends Message {
  readonly bytes: Uint8Array;
}

/** The services of `holdfast.v1`: every operation that has a route, described and served at run time. */
export function holdfastServices(options: HoldfastDoorOptions): BoundService[] {
  const described = holdfastPackage(options.operations, options.fieldNumbers);
  const registry = fileDescriptors(described);
  const callers = new WeakMap<GrpcCall, Principal>();
  const admit = async (call: GrpcCall): Promise<GrpcStatusError | undefined> => {
    try {
      callers.set(call, await options.principalOf(call.metadata("authorization")));
      return undefined;
    } catch (error) {
      if (!(error instanceof OperationError)) options.onBug(error, call.requestId);
      return statusOfOperationError(error, call.requestId);
    }
  };
  return described.services.map(({ name, methods }) => {
    const desc = registry.getService(`${PACKAGE}.${name}`)!;
    const bound = methods.map((method) => boundMethod(desc.typeName, method, callers, options));
    return { desc, methods: bound.map((each) => ({ ...each, admit })) };
  });
}

function boundMethod(
  service: string,
  method: HoldfastMethod,
  callers: WeakMap<GrpcCall, Principal>,
  options: HoldfastDoorOptions,
): BoundMethod {
  const { derived, name } = method;
  const request = wireCodec(method.request);
  const typeName = `${PACKAGE}.${method.request.name}`;
  const takesSession = derived.fields.has("session");
  const beginning = (message: Message, call: GrpcCall) => {
    const input = request.decode((message as RawMessage).bytes) as DerivedInput;
    if (takesSession && isMissing(input["session"])) input["session"] = call.metadata(SESSION_METADATA);
    return { input, caller: callerOf(call, callers.get(call)!, derived.operation) };
  };
  const failed = (error: unknown, call: GrpcCall): GrpcStatusError => {
    if (!(error instanceof OperationError)) options.onBug(error, call.requestId);
    const told = error instanceof OperationError ? inRequestWords(error, derived.operation, "snake") : error;
    return statusOfOperationError(told, call.requestId);
  };
  const bound = method.streams
    ? streamingHandler(method, options.engine, beginning, failed)
    : unaryHandler(method, options.engine, beginning, failed);
  return {
    path: `/${service}/${name}`,
    service,
    name,
    bound,
    decode: (bytes): RawMessage => ({ $typeName: typeName, bytes }),
    // Handlers encode their answers themselves.
    encode: (answer) => (answer as EncodedMessage).frame,
    ...(hasContent(derived.operation) && { messageBytesMax: options.blobBytesMax + FIELDS_BYTES_MAX }),
  };
}

type Beginning = (message: Message, call: GrpcCall) => { readonly input: DerivedInput; readonly caller: Caller };
type Failed = (error: unknown, call: GrpcCall) => GrpcStatusError;

function unaryHandler(
  { derived, response, wraps }: HoldfastMethod,
  engine: Engine,
  beginning: Beginning,
  failed: Failed,
): BoundHandler {
  const codec = wireCodec(response);
  return {
    kind: "unary",
    handle: async (message, call) => {
      try {
        const { input, caller } = beginning(message, call);
        const output = await runDerived(derived, input, { engine, caller });
        return EncodedMessage.of(codec.encode(wraps ? { "": output } : output));
      } catch (error) {
        throw failed(error, call);
      }
    },
  };
}

function streamingHandler(
  { derived, response }: HoldfastMethod,
  engine: Engine,
  beginning: Beginning,
  failed: Failed,
): BoundHandler {
  const number = response.fields[0]!.number;
  return {
    kind: "server_streaming",
    async *handle(message, call) {
      try {
        const { input, caller } = beginning(message, call);
        for await (const piece of downloadDerived(derived, input, { engine, caller }))
          yield EncodedMessage.joining(NOTHING, number, piece);
      } catch (error) {
        throw failed(error, call);
      }
    },
  };
}

const NOTHING = new Uint8Array(0);

function callerOf(call: GrpcCall, principal: Principal, { kind }: Operation): Caller {
  const key = kind === "read" ? undefined : call.metadata(IDEMPOTENCY_METADATA);
  return {
    principal,
    door: "grpc",
    requestId: call.requestId,
    peer: call.peer,
    signal: call.signal,
    ...(call.deadlineAtMs !== undefined && { deadlineAtMs: call.deadlineAtMs }),
    ...(key !== undefined && {
      idempotencyKey: key,
      onReplayed: () => call.setTrailer("idempotent-replayed", "true"),
    }),
  };
}

/** A session that is not named is empty where the operation cannot do without one. */
const isMissing = (session: unknown): boolean => session === undefined || session === "";

/** Does the operation write what is in files? */
const hasContent = ({ kind, input }: Operation): boolean =>
  kind !== "read" && JSON.stringify(input).includes('"content":true');
