import { decodeUtf8 } from "../../../domain/bytes.ts";

/** What a client of git:// asks for in its first packet. */
export interface DaemonRequest {
  /** Such as `upload-pack`. */
  readonly service: string;
  /** The repository, as the client names it. */
  readonly path: string;
  /** What GIT_PROTOCOL would be: the extra parameters, joined by `:`; absent when there are none. */
  readonly protocol: string | undefined;
}

/**
 * Reads `git-upload-pack /alice/myrepo\0host=…\0\0version=2\0` (gitprotocol-pack(5), git-proto-request); undefined for what is no
 * request. The host is of no account: all names of this server have the same repositories.
 */
export function daemonRequestOf(payload: Buffer): DaemonRequest | undefined {
  const [command = "", ...parameters] = payload.toString("latin1").split("\0");
  const match = /^git-([a-z-]+) (.+)$/s.exec(command.replace(/\n$/, ""));
  if (match === null) return undefined;
  // Behind the host comes an empty parameter, and then what old servers do not look at.
  const empty = parameters.indexOf("");
  const extra = empty < 0 ? [] : parameters.slice(empty + 1).filter((parameter) => parameter !== "");
  return {
    service: match[1]!,
    path: decodeUtf8(match[2]!),
    protocol: extra.length === 0 ? undefined : extra.join(":"),
  };
}
