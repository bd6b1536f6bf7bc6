import { createHmac } from "node:crypto";
import * as grpc from "@grpc/grpc-js";

/** How a method's messages flow. */
export type CallKind = "unary" | "server-stream" | "client-stream";

/** A call that is ready to be sent: its messages are encoded already, so that only the server's work and the wire are measured. */
export interface PreparedCall {
  readonly path: string;
  readonly kind: CallKind;
  readonly messages: readonly Buffer[];
}

const identity = (bytes: Buffer): Buffer => bytes;

/** Calls a server of the Gitaly protocol over a number of connections, taking turns. */
export class LoadClient {
  readonly #channels: grpc.Client[];
  readonly #token: string | undefined;
  #turn = 0;

  constructor(address: string, connections: number, token?: string) {
    const options = { "grpc.use_local_subchannel_pool": 1, "grpc.max_receive_message_length": -1 };
    const one = () => new grpc.Client(address, grpc.credentials.createInsecure(), options);
    this.#channels = Array.from({ length: connections }, one);
    this.#token = token;
  }

  /** Makes the call and answers how many bytes of messages came back. */
  call({ path, kind, messages }: PreparedCall): Promise<number> {
    const channel = this.#channels[this.#turn++ % this.#channels.length]!;
    const metadata = this.#metadata();
    return new Promise((resolve, reject) => {
      const done = (error: grpc.ServiceError | null, answer?: Buffer) =>
        error === null ? resolve(answer?.length ?? 0) : reject(error);
      if (kind === "unary") {
        channel.makeUnaryRequest(path, identity, identity, messages[0]!, metadata, {}, done);
      } else if (kind === "client-stream") {
        const call = channel.makeClientStreamRequest(path, identity, identity, metadata, {}, done);
        for (const message of messages) call.write(message);
        call.end();
      } else {
        let bytes = 0;
        const call = channel.makeServerStreamRequest(path, identity, identity, messages[0]!, metadata, {});
        call.on("data", (message: Buffer) => (bytes += message.length));
        call.on("error", reject);
        call.on("end", () => resolve(bytes));
      }
    });
  }

  close(): void {
    for (const channel of this.#channels) channel.close();
  }

  #metadata(): grpc.Metadata {
    const metadata = new grpc.Metadata();
    if (this.#token !== undefined) {
      const seconds = String(Math.floor(Date.now() / 1000));
      const signature = createHmac("sha256", this.#token).update(seconds).digest("hex");
      metadata.set("authorization", `Bearer v2.${signature}.${seconds}`);
    }
    return metadata;
  }
}
