import type { RemoteAccess, RemoteCredential, RemoteFacet, RemoteListing } from "../backend/remote-facet.ts";
import { BytesField, Maybe, type Static, Type } from "./fields.ts";

export type { RemoteAccess, RemoteCredential, RemoteFacet, RemoteListing };

/** What a clone or a mirror takes along: references that people work with. */
export const MIRRORED_PREFIXES: readonly string[] = ["refs/heads/", "refs/tags/", "refs/notes/"];

const SECRET_BYTES_MAX = 16 * 1024;
const URL_LENGTH_MAX = 2048;
const KNOWN_HOSTS_LENGTH_MAX = 64 * 1024;

/** Another server's repository, as callers name it. */
export const RemoteFields = {
  url: Type.String({
    maxLength: URL_LENGTH_MAX,
    description: "https://, http://, ssh:// or git://, without a password: that is the credential's",
  }),
  credential: Maybe(
    Type.Object(
      {
        username: Maybe(Type.String({ maxLength: 255, description: "Absent: git, as servers take it with a token" })),
        password: Maybe({ ...BytesField("Password or token, for https"), maxByteLength: SECRET_BYTES_MAX }),
        sshKey: Maybe({
          ...BytesField("Private key without a passphrase, as ssh-keygen writes it, for ssh"),
          maxByteLength: SECRET_BYTES_MAX,
        }),
      },
      { additionalProperties: false, description: "What opens the other server; it is never shown" },
    ),
  ),
  knownHosts: Maybe(
    Type.String({
      maxLength: KNOWN_HOSTS_LENGTH_MAX,
      description: "Lines as in known_hosts, for ssh. Absent: the key of the first connection is taken",
    }),
  ),
};

/** What `RemoteFields` hold. */
export type RemoteInput = Static<ReturnType<typeof asObject>>;
const asObject = () => Type.Object(RemoteFields);

/** Another server's repository, before its address has been looked up. */
export interface RemoteSource {
  readonly url: string;
  readonly credential?: RemoteCredential;
  readonly knownHosts?: string;
  readonly onHostKeys?: (knownHosts: string) => void;
}

/** A remote as an input names it. */
export function remoteSourceOf({ url, credential, knownHosts }: RemoteInput): RemoteSource {
  const { username, password: secret, sshKey } = credential ?? {};
  const found = {
    ...(username === undefined ? {} : { username }),
    ...(secret === undefined ? {} : { secret }),
    ...(sshKey === undefined ? {} : { sshKey }),
  };
  return {
    url,
    ...(credential === undefined ? {} : { credential: found }),
    ...(knownHosts === undefined ? {} : { knownHosts }),
  };
}

/** Overwrites what must not stay in memory. */
export function forgetCredential(credential: RemoteCredential | undefined): void {
  credential?.secret?.fill(0);
  credential?.sshKey?.fill(0);
}

/** The way to other servers: only where it may lead. */
export interface Remotes {
  /** The address as it is kept. Throws `invalid_input`, and `target_not_allowed` where no look-up is needed to know that. */
  check(source: RemoteSource): string;
  /** Looks the name up and checks every address of it. Throws what `check` throws, and `remote_unreachable`. */
  open(source: RemoteSource, signal: AbortSignal): Promise<RemoteAccess>;
  /** What is there to be fetched: references that people work with, and HEAD. */
  list(access: RemoteAccess, signal: AbortSignal): Promise<RemoteListing>;
}
