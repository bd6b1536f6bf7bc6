import type { Context, OpenRepository } from "../../contract/context.ts";
import type { PacketReader } from "../../wire/pkt-line.ts";
import type { UploadPackOptions } from "../../wire/upload-pack-options.ts";
import type { ServerIdentity } from "../../wire/upload-pack-advertisement.ts";

/** One conversation of upload-pack: with whom, about what. */
export interface UploadPackSession {
  readonly repository: OpenRepository;
  readonly signal: AbortSignal;
  readonly reader: PacketReader;
  readonly identity: ServerIdentity;
  readonly mode: "advertise" | "stateless" | "stateful";
  readonly options: UploadPackOptions;
}

export function openSession(
  { repository, signal, server, caller }: Context,
  reader: PacketReader,
  mode: UploadPackSession["mode"],
  options: UploadPackOptions,
): UploadPackSession {
  const identity: ServerIdentity = {
    agent: `holdfast/${server.version}`,
    sessionId: caller.requestId,
    objectFormat: repository.objectFormat,
  };
  return { repository, signal, reader, identity, mode, options };
}
