import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import * as grpc from "@grpc/grpc-js";
import { loadSync, type MethodDefinition } from "@grpc/proto-loader";
import { ErrorInfoSchema } from "../../src/transports/api/grpc/generated/google/rpc/error_details_pb.ts";
import { StatusSchema } from "../../src/transports/api/grpc/generated/google/rpc/status_pb.ts";
import { HoldfastErrorSchema } from "../../src/transports/api/grpc/generated/holdfast/v1/error_pb.ts";
import { ROOT } from "./source-tree.ts";

type Method = MethodDefinition<object, Record<string, unknown>>;

const SCHEMA = join(ROOT, "schema");

/** The services that the committed .proto files describe, by their full names. */
export function committedServices(): Map<string, Readonly<Record<string, Method>>> {
  const files = readdirSync(join(SCHEMA, "holdfast", "v1")).filter((name) => name.endsWith(".proto"));
  const loaded = loadSync(
    files.map((name) => `holdfast/v1/${name}`),
    { includeDirs: [SCHEMA], keepCase: true, longs: Number, oneofs: false, arrays: true, objects: true },
  );
  // Messages have a format; services are their methods.
  const services = Object.entries(loaded).filter(([, definition]) => !("format" in definition));
  return new Map(services as [string, Readonly<Record<string, Method>>][]);
}

/** What a call was answered. */
export interface HoldfastAnswer {
  readonly message: Record<string, unknown>;
  readonly trailers: grpc.Metadata;
}

/** A client as other programs are: grpc-js, with the committed .proto files. */
export class HoldfastClient {
  readonly #channel: grpc.Client;
  readonly #methods = new Map<string, Method>();

  constructor(port: number, options: grpc.ClientOptions = {}) {
    this.#channel = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), {
      "grpc.use_local_subchannel_pool": 1,
      "grpc.max_send_message_length": -1,
      "grpc.max_receive_message_length": -1,
      ...options,
    });
    for (const methods of committedServices().values())
      for (const [name, method] of Object.entries(methods)) this.#methods.set(name, method);
  }

  /** The method of a name, whichever service it is in; undefined where there is none. */
  method(name: string): Method | undefined {
    return this.#methods.get(name);
  }

  /** Calls a method that has one answer. */
  call(
    name: string,
    request: object,
    metadata: Readonly<Record<string, string>> = {},
    options: grpc.CallOptions = {},
  ): Promise<HoldfastAnswer> {
    const method = this.#methods.get(name)!;
    return new Promise((resolve, reject) => {
      let message: Record<string, unknown>;
      const call = this.#channel.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        metadataOf(metadata),
        options,
        (error, response) => {
          if (error !== null) reject(error);
          message = response!;
        },
      );
      call.on("status", ({ metadata: trailers }) => resolve({ message, trailers }));
    });
  }

  /** Sends bytes as they are. */
  raw(
    path: string,
    bytes: Buffer,
    metadata: Readonly<Record<string, string>> = {},
    options: grpc.CallOptions = {},
  ): Promise<Buffer> {
    const same = (given: Buffer) => given;
    return new Promise((resolve, reject) => {
      this.#channel.makeUnaryRequest(path, same, same, bytes, metadataOf(metadata), options, (error, response) =>
        error === null ? resolve(response!) : reject(error),
      );
    });
  }

  /** The answers of a method that streams them. */
  async *stream(
    name: string,
    request: object,
    metadata: Readonly<Record<string, string>> = {},
  ): AsyncGenerator<Record<string, unknown>> {
    const method = this.#methods.get(name)!;
    const { path, requestSerialize, responseDeserialize } = method;
    yield* this.#channel.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      metadataOf(metadata),
      {},
    ) as AsyncIterable<Record<string, unknown>>;
  }

  close(): void {
    this.#channel.close();
  }
}

function metadataOf(entries: Readonly<Record<string, string>>): grpc.Metadata {
  const metadata = new grpc.Metadata();
  for (const [name, value] of Object.entries(entries)) metadata.set(name, value);
  return metadata;
}

/** What the details of a failed call say. */
export function failureOfCall({ code, details, metadata }: grpc.ServiceError) {
  const [packed] = metadata.get("grpc-status-details-bin");
  const status = packed === undefined ? undefined : fromBinary(StatusSchema, packed as Buffer);
  const [info, error] = (status?.details ?? []).map((any) =>
    any.typeUrl.endsWith("HoldfastError") ? anyUnpack(any, HoldfastErrorSchema) : anyUnpack(any, ErrorInfoSchema),
  );
  return {
    code,
    message: details,
    requestId: metadata.get("x-request-id")[0],
    info: info as { reason: string; domain: string; metadata: Record<string, string> } | undefined,
    error: error as { reason: string; message: string; details: unknown; requestId: string; retry: string } | undefined,
  };
}
