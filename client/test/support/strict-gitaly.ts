import { type DescMethod, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import {
  Client,
  type ClientDuplexStream,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type StatusObject,
  status,
} from "@grpc/grpc-js";
import type { FindCommitResponse } from "../../src/gitaly/generated/commit_pb.ts";
import type { FindBranchResponse } from "../../src/gitaly/generated/ref_pb.ts";
import { pathOf, PROTOCOL_SERVICES, rawDefinition } from "./protocol-services.ts";
import { strictRefusal } from "./strict-requests.ts";
import { renamed } from "./strict-answers.ts";

/** In which of its ways a server of this protocol answers. */
export interface Manner {
  /** `refs/heads/main`, or `main`. */
  readonly names: "full" | "short";
  /** What is not there: a status, or an answer without it. */
  readonly missing: "not-found" | "empty";
}

/** A server that is as strict as Gitaly, in front of one that is not. */
export interface StrictGitaly {
  /** `host:port`. */
  readonly address: string;
  /** Requests that were refused for their form, for a test to look at. */
  readonly refused: readonly string[];
  [Symbol.asyncDispose](): Promise<void>;
}

const asItIs = (bytes: Buffer): Buffer => bytes;

/** Starts a strict server on a free port; what it finds in order it hands to the server at `upstream`. */
export async function startStrictGitaly(upstream: string, manner: Manner): Promise<StrictGitaly> {
  const client = new Client(upstream, credentials.createInsecure());
  const refused: string[] = [];
  const server = new Server();
  for (const service of PROTOCOL_SERVICES) {
    const handlers = service.methods.map((method) => [
      method.name,
      (call: ServerDuplexStream<Buffer, Buffer>) => forward(call, { client, method, manner, refused }),
    ]);
    server.addService(rawDefinition(service), Object.fromEntries(handlers));
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return {
    address: `127.0.0.1:${port}`,
    refused,
    [Symbol.asyncDispose]() {
      server.forceShutdown();
      client.close();
      return Promise.resolve();
    },
  };
}

interface Forwarding {
  readonly client: Client;
  readonly method: DescMethod;
  readonly manner: Manner;
  readonly refused: string[];
}

function forward(call: ServerDuplexStream<Buffer, Buffer>, forwarding: Forwarding): void {
  const { client, method, refused } = forwarding;
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(call.metadata.getMap()))
    if (!key.startsWith("grpc-") && key !== "user-agent") metadata.set(key, value);
  const further = client.makeBidiStreamRequest(pathOf(method), asItIs, asItIs, metadata);
  answer(call, further, forwarding);
  let index = 0;
  // No `for await`: it would destroy the call, answer and all, at the end of the requests.
  call.on("data", (bytes: Buffer) => {
    const refusal = strictRefusal(method, fromBinary(method.input, bytes), index++);
    if (refusal !== undefined) {
      refused.push(`${method.name}: ${refusal.details}`);
      further.cancel();
      call.emit("error", { ...refusal, metadata: new Metadata() });
      return;
    }
    if (further.write(bytes)) return;
    call.pause();
    further.once("drain", () => call.resume());
  });
  call.on("end", () => further.end());
  call.on("cancelled", () => further.cancel());
}

function answer(
  call: ServerDuplexStream<Buffer, Buffer>,
  further: ClientDuplexStream<Buffer, Buffer>,
  { method, manner }: Forwarding,
): void {
  further.on("data", (bytes: Buffer) => {
    const message = fromBinary(method.output, bytes);
    const absent = manner.missing === "not-found" ? absence(method, message) : undefined;
    if (absent !== undefined) {
      further.cancel();
      call.emit("error", { code: status.NOT_FOUND, details: absent, metadata: new Metadata() });
      return;
    }
    const more = call.write(Buffer.from(toBinary(method.output, renamed(method, message, manner.names))));
    if (more) return;
    further.pause();
    call.once("drain", () => further.resume());
  });
  further.on("error", ({ code, details, metadata }: StatusObject & Error) => {
    if (code === status.CANCELLED) return;
    if (manner.missing === "empty" && method.name === "FindTag" && details.startsWith("tag ")) {
      call.write(Buffer.alloc(0));
      call.end();
      return;
    }
    call.emit("error", { code, details, metadata });
  });
  further.on("status", ({ code, metadata }: StatusObject) => {
    if (code === status.OK) call.end(metadata);
  });
}

/** What the answer says by being empty. */
function absence({ name }: DescMethod, message: Message): string | undefined {
  if (name === "FindBranch" && (message as FindBranchResponse).branch === undefined) return "branch not found";
  if (name === "FindCommit" && (message as FindCommitResponse).commit === undefined) return "commit not found";
  return undefined;
}
