/** Versions of Git's wire protocol; version 1 is version 0 with a line that says so. */
export type ProtocolVersion = 0 | 1 | 2;

/**
 * The version that a client asks for with `GIT_PROTOCOL` or the header `Git-Protocol`: keys separated by colons, the greatest known
 * `version=` among them; version 0 without any (gitprotocol-v2(5)).
 */
export function protocolVersionOf(gitProtocol: string | undefined): ProtocolVersion {
  const keys = (gitProtocol ?? "").split(":");
  return keys.includes("version=2") ? 2 : keys.includes("version=1") ? 1 : 0;
}
