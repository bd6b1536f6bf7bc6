import {
  type DescMessage,
  type DescMethod,
  create,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import * as grpc from "@grpc/grpc-js";

type Method = Pick<DescMethod, "input" | "output" | "methodKind">;
type Input<M extends Method> = MessageInitShape<M["input"]>;
type Output<M extends Method> = MessageShape<M["output"]>;

/** A client of grpc-js: an implementation of gRPC that is not ours, with the messages of the generated code. */
export class TestClient {
  readonly #channel: grpc.Client;

  constructor(port: number, options: grpc.ClientOptions = {}, credentials = grpc.credentials.createInsecure()) {
    this.#channel = new grpc.Client(`127.0.0.1:${port}`, credentials, {
      "grpc.use_local_subchannel_pool": 1,
      ...options,
    });
  }

  unary<M extends Method>(
    method: M,
    request: Input<M>,
    options: grpc.CallOptions = {},
    metadata = new grpc.Metadata(),
  ): Promise<Output<M>> {
    const { path, encode, decode } = wire(method);
    return new Promise((resolve, reject) => {
      this.#channel.makeUnaryRequest<Input<M>, Output<M>>(
        path,
        encode,
        decode,
        request,
        metadata,
        options,
        (error, response) =>
          response === undefined || error !== null ? reject(error ?? new Error("no response")) : resolve(response),
      );
    });
  }

  /** Sends bytes as they are to any path. */
  raw(path: string, bytes: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#channel.makeUnaryRequest(path, identity, identity, bytes, new grpc.Metadata(), {}, (error, response) =>
        response === undefined || error !== null ? reject(error ?? new Error("no response")) : resolve(response),
      );
    });
  }

  serverStream<M extends Method>(
    method: M,
    request: Input<M>,
    options: grpc.CallOptions = {},
  ): grpc.ClientReadableStream<Output<M>> {
    const { path, encode, decode } = wire(method);
    return this.#channel.makeServerStreamRequest(path, encode, decode, request, new grpc.Metadata(), options);
  }

  clientStream<M extends Method>(
    method: M,
    options: grpc.CallOptions = {},
  ): { call: grpc.ClientWritableStream<Input<M>>; response: Promise<Output<M>> } {
    const { path, encode, decode } = wire(method);
    const { promise, resolve, reject } = Promise.withResolvers<Output<M>>();
    const call = this.#channel.makeClientStreamRequest<Input<M>, Output<M>>(
      path,
      encode,
      decode,
      new grpc.Metadata(),
      options,
      (error, response) =>
        response === undefined || error !== null ? reject(error ?? new Error("no response")) : resolve(response),
    );
    return { call, response: promise };
  }

  duplex<M extends Method>(
    method: M,
    options: grpc.CallOptions = {},
    metadata = new grpc.Metadata(),
  ): grpc.ClientDuplexStream<Input<M>, Output<M>> {
    const { path, encode, decode } = wire(method);
    return this.#channel.makeBidiStreamRequest(path, encode, decode, metadata, options);
  }

  close(): void {
    this.#channel.close();
  }
}

/** All messages of a stream. */
export async function collect<T>(stream: grpc.ClientReadableStream<T>): Promise<T[]> {
  const messages: T[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<T[]>();
  stream.on("data", (message: T) => messages.push(message));
  stream.on("error", reject);
  stream.on("end", () => resolve(messages));
  return promise;
}

/** The status with which a call fails. */
export async function failure(call: Promise<unknown>): Promise<grpc.ServiceError> {
  try {
    await call;
  } catch (error) {
    return error as grpc.ServiceError;
  }
  throw new Error("the call succeeded");
}

function wire<M extends Method>(method: M) {
  const desc = method as unknown as DescMethod;
  return {
    path: `/${desc.parent.typeName}/${desc.name}`,
    encode: (message: Input<M>) =>
      Buffer.from(toBinary(method.input as DescMessage, create(method.input as DescMessage, message))),
    decode: (bytes: Buffer) => fromBinary(method.output as DescMessage, bytes) as Output<M>,
  };
}

function identity<T>(value: T): T {
  return value;
}
