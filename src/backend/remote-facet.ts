import type { ByteString } from "../domain/bytes.ts";
import type { Oid } from "../domain/oid.ts";
import type { Head, Reference } from "../domain/reference.ts";
import type { QuarantinedView, RepositoryView } from "./backend.ts";

/** What opens another server. The bytes are the caller's: he overwrites them when they are needed no more. */
export interface RemoteCredential {
  /** Who it is about; absent: git's servers take any name with a token, and SSH has it in the address. */
  readonly username?: string;
  /** Password or token, for http and https. */
  readonly secret?: Uint8Array;
  /** Private key, for ssh; without a passphrase. */
  readonly sshKey?: Uint8Array;
}

/** Another server's repository, and how it may be reached. */
export interface RemoteAccess {
  /** `https://`, `http://`, `ssh://` or `git://`, without a password. */
  readonly url: string;
  /** The address that was checked: connections go there, whatever the name means meanwhile. */
  readonly address: string;
  readonly credential?: RemoteCredential;
  /** Lines of known_hosts(5) for ssh. Absent: whatever key the server has is taken, and told to `onHostKeys`. */
  readonly knownHosts?: string;
  readonly onHostKeys?: (knownHosts: string) => void;
  /** How long a call may take, milliseconds. */
  readonly timeoutMs: number;
  /** How much a fetch may bring, bytes. */
  readonly bytesMax: number;
}

/** What another repository has. */
export interface RemoteListing {
  /** Empty: HEAD and all references. Sorted by name; none that is peeled. */
  readonly references: readonly Pick<Reference, "name" | "oid">[];
  readonly head?: Head["target"];
}

/** References to be pushed: `+refs/heads/*:refs/heads/*`. */
export interface RemotePush {
  readonly refspecs: readonly ByteString[];
  /** References of the other side that match and are not here are deleted there. */
  readonly prune: boolean;
}

/**
 * Repositories on other servers. All throw `remote_unreachable`, `remote_refused`, and never say what the credential was: what the
 * other side says is looked through for it.
 */
export interface RemoteFacet {
  /** What `git ls-remote` lists below these prefixes. `view` says only where to work. */
  list(view: Pick<RepositoryView, "signal">, remote: RemoteAccess, prefixes: readonly string[]): Promise<RemoteListing>;
  /**
   * Brings objects that the other side advertises, and what they reach, into the quarantine, checked as those of a push are. Yields
   * git's lines of progress. Throws `too_large`, `objects_invalid`, `objects_missing`, `pack_invalid` as well.
   */
  fetch(view: QuarantinedView, remote: RemoteAccess, oids: readonly Oid[]): AsyncIterable<string>;
  /** Makes references of the other side what they are here. Yields git's lines of progress. */
  push(view: RepositoryView, remote: RemoteAccess, push: RemotePush): AsyncIterable<string>;
}
