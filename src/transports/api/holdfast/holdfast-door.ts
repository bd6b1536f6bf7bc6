import type { FileRegistry, Message } from "@bufbuild/protobuf";
import type { Operation } from "../../../contract/operation.ts";
import type { Caller, Principal } from "../../../contract/principal.ts";
import { OperationError } from "../../../domain/errors.ts";
import type { Engine } from "../../../engine/engine.ts";
import { inRequestWords } from "../derived/request-words.ts";
import type { BodyBudget } from "../derived/body-budget.ts";
import type { DerivedInput, DerivedOperation } from "../derived/derived-operation.ts";
import { type DerivedCall, downloadDerived, runDerived } from "../derived/run-derived.ts";
import { EncodedMessage } from "../grpc/encoded-message.ts";
import type { GrpcCall } from "../grpc/handler.ts";
import type { BoundHandler, BoundMethod, BoundService } from "../grpc/service.ts";
import type { GrpcStatusError } from "../grpc/status-error.ts";
import type { FieldNumberTable } from "./field-numbers.ts";
import { fileDescriptors } from "./file-descriptors.ts";
import { type HoldfastMethod, holdfastPackage } from "./holdfast-package.ts";
import { PACKAGE } from "./message-type.ts";
import { DOWNLOAD_FIELD, HEAD_FIELD } from "./message-types.ts";
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
  /** Memory for large messages. */
  readonly bodies: BodyBudget;
  /** Told what was thrown that is not an OperationError: a bug. */
  readonly onBug: (error: unknown, requestId: string) => void;
}

/** A request in the operation's own terms. */
interface Request extends Message {
  readonly input: DerivedInput;
}

/** The services of `holdfast.v1`: every operation that has a route, described and served at run time. */
export function holdfastServices(options: HoldfastDoorOptions): BoundService[] {
  const described = holdfastPackage(options.operations, options.fieldNumbers);
  let registry: FileRegistry | undefined;
  const describe = (typeName: string) => (registry ??= fileDescriptors(described)).getService(typeName)!;
  const principals = new WeakMap<GrpcCall, Principal>();
  const admit = async (call: GrpcCall): Promise<GrpcStatusError | undefined> => {
    try {
      principals.set(call, await options.principalOf(call.metadata("authorization")));
      return undefined;
    } catch (error) {
      if (!(error instanceof OperationError)) options.onBug(error, call.requestId);
      return statusOfOperationError(error, call.requestId);
    }
  };
  return described.services.map(({ name, methods }) => {
    const typeName = `${PACKAGE}.${name}`;
    return {
      typeName,
      describe: () => describe(typeName),
      methods: methods.map((method) => {
        const callOf = (call: GrpcCall): DerivedCall => ({
          engine: options.engine,
          caller: callerOf(call, principals.get(call)!, method.derived.operation),
        });
        return { ...boundMethod(typeName, method, callOf, options), admit };
      }),
    };
  });
}

type CallOf = (call: GrpcCall) => DerivedCall;

function boundMethod(
  service: string,
  method: HoldfastMethod,
  callOf: CallOf,
  { onBug, bodies, blobBytesMax }: HoldfastDoorOptions,
): BoundMethod {
  const { name, derived } = method;
  const request = wireCodec(method.request);
  const typeName = `${PACKAGE}.${method.request.name}`;
  return {
    path: `/${service}/${name}`,
    service,
    name,
    bound: method.streams ? streamingHandler(method, callOf) : unaryHandler(method, callOf),
    decode: (bytes): Request => ({ $typeName: typeName, input: request.decode(bytes) as DerivedInput }),
    // Handlers encode their answers themselves.
    encode: (answer) => (answer as EncodedMessage).frame,
    toStatus: (error, call) => {
      if (!(error instanceof OperationError)) onBug(error, call.requestId);
      const told = error instanceof OperationError ? inRequestWords(error, derived.operation, "snake") : error;
      return statusOfOperationError(told, call.requestId);
    },
    room: () => bodies.room(),
    ...(hasContent(derived.operation) && { messageBytesMax: blobBytesMax + FIELDS_BYTES_MAX }),
  };
}

function unaryHandler({ derived, response, wraps }: HoldfastMethod, callOf: CallOf): BoundHandler {
  const codec = wireCodec(response);
  return {
    kind: "unary",
    handle: async (message, call) => {
      const output = await runDerived(derived, inputOf(derived, message, call), callOf(call));
      return EncodedMessage.of(codec.encode(wraps ? { "": output } : output));
    },
  };
}

function streamingHandler({ derived, response, wraps }: HoldfastMethod, callOf: CallOf): BoundHandler {
  const { number } = response.fields.find(({ name }) => name === DOWNLOAD_FIELD)!;
  const codec = wireCodec(response);
  return {
    kind: "server_streaming",
    async *handle(message, call) {
      const pieces: AsyncIterable<unknown> = downloadDerived(derived, inputOf(derived, message, call), callOf(call));
      for await (const piece of pieces)
        // What is no bytes stands before them.
        yield piece instanceof Uint8Array
          ? EncodedMessage.joining(NOTHING, number, piece)
          : EncodedMessage.of(codec.encode({ [HEAD_FIELD]: wraps ? { "": piece } : piece }));
    },
  };
}

/** The session of a call may stand in its metadata. */
function inputOf({ fields }: DerivedOperation, message: Message, call: GrpcCall): DerivedInput {
  const { input } = message as Request;
  if (!fields.has("session") || (input["session"] !== undefined && input["session"] !== "")) return input;
  // A session that nobody has named is none, and not one with an empty name.
  const { session: _, ...rest } = input;
  const session = call.metadata(SESSION_METADATA);
  return session === undefined ? rest : { ...rest, session };
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

/** Does the operation write what is in files? */
const hasContent = ({ kind, input }: Operation): boolean =>
  kind !== "read" && JSON.stringify(input).includes('"content":true');
