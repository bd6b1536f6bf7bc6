import {
  MIRRORED_PREFIXES,
  type RemoteAccess,
  type RemoteFacet,
  type RemoteListing,
  type Remotes,
  type RemoteSource,
} from "../contract/remotes.ts";
import { OperationError } from "../domain/errors.ts";
import { problemOfRefName } from "../domain/reference.ts";
import { literalAddressOf, systemLookup, within } from "./post-to-target.ts";
import { checkedAddress, isPublicAddress } from "./target-address.ts";

const LIST_TIMEOUT_MS = 60_000;
const PROTOCOLS: readonly string[] = ["https:", "http:", "ssh:", "git:"];
/** What a program could take for an option, or a resolver for something else, is no name. */
const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9_]([a-z0-9._-]*[a-z0-9_])?)$/i;
const USER = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;
/** Lines of known_hosts(5): plain text. */
const KNOWN_HOSTS = /^[\t\n\r\x20-\x7e]*$/;
const PATH = /^\/[^\s\\]+$/;

export interface RemoteServiceOptions {
  /** Loopback, private and link-local addresses are fine. */
  readonly allowPrivate: boolean;
  /** How long a fetch or a push may take. */
  readonly timeoutMs: number;
  /** How much a fetch may bring. */
  readonly bytesMax: number;
  readonly remote: Pick<RemoteFacet, "list">;
  /** Finds the addresses of a name; the system's own way is the default. */
  readonly resolve?: (name: string) => Promise<readonly string[]>;
}

/** Decides which other servers may be reached, and where they are. */
export class RemoteService implements Remotes {
  readonly #options: RemoteServiceOptions;

  constructor(options: RemoteServiceOptions) {
    this.#options = options;
  }

  check(source: RemoteSource): string {
    const url = targetOf(source.url);
    checkCredential(url, source);
    const literal = literalAddressOf(url);
    if (literal !== undefined) this.#checkAddresses(url, [literal]);
    return url.href;
  }

  async open(source: RemoteSource, signal: AbortSignal): Promise<RemoteAccess> {
    const { timeoutMs, bytesMax } = this.#options;
    const href = this.check(source);
    const url = new URL(href);
    const literal = literalAddressOf(url);
    const address = this.#checkAddresses(url, literal === undefined ? await this.#lookUp(url, signal) : [literal]);
    const { credential, knownHosts, onHostKeys } = source;
    if (url.protocol === "http:" && credential?.secret !== undefined && isPublicAddress(address)) {
      throw invalid("credential", "is a secret, which goes over https or ssh only");
    }
    return {
      url: href,
      address,
      timeoutMs,
      bytesMax,
      ...(credential === undefined ? {} : { credential }),
      ...(knownHosts === undefined ? {} : { knownHosts }),
      ...(onHostKeys === undefined ? {} : { onHostKeys }),
    };
  }

  async list(access: RemoteAccess, signal: AbortSignal): Promise<RemoteListing> {
    const timeoutMs = Math.min(access.timeoutMs, LIST_TIMEOUT_MS);
    const listing = await this.#options.remote.list({ signal }, { ...access, timeoutMs }, MIRRORED_PREFIXES);
    const bad = listing.references.find(({ name }) => problemOfRefName(name) !== undefined);
    if (bad === undefined) return listing;
    throw new OperationError("remote_refused", {
      host: new URL(access.url).host,
      problem: "a name of its references is none",
    });
  }

  async #lookUp({ hostname, host }: URL, signal: AbortSignal): Promise<readonly string[]> {
    const { resolve = systemLookup } = this.#options;
    try {
      return await within(signal, resolve(hostname));
    } catch (cause) {
      if (signal.aborted) throw new OperationError("canceled", {}, { cause });
      throw new OperationError("remote_unreachable", { host, problem: "its name has no address" }, { cause });
    }
  }

  #checkAddresses({ host }: URL, addresses: readonly string[]): string {
    const found = checkedAddress(addresses, this.#options.allowPrivate);
    if (found === "none") throw new OperationError("remote_unreachable", { host, problem: "its name has no address" });
    if (found === "not public") throw new OperationError("target_not_allowed", { host });
    return found.address;
  }
}

/** What can be known of an address by looking at it. No error repeats it: a password may stand where none belongs. */
function targetOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !PROTOCOLS.includes(url.protocol)) {
    throw invalid("url", "is not an https, http, ssh or git URL, as in https://host/path or ssh://git@host/path");
  }
  if (url.password !== "") throw invalid("url", "must not carry a password: give it as the credential");
  if (url.username !== "" && url.protocol !== "ssh:") {
    throw invalid("url", "must not carry a user: give it with the credential");
  }
  if (url.username !== "" && !USER.test(url.username)) throw invalid("url", "has a user that is none");
  if (!HOST.test(url.hostname)) throw invalid("url", "has a host that is none");
  if (url.search !== "" || url.hash !== "") throw invalid("url", "must not have a query or a fragment");
  if (!PATH.test(url.pathname)) throw invalid("url", "names no repository");
  return url;
}

function checkCredential({ protocol }: URL, { credential, knownHosts }: RemoteSource): void {
  if (knownHosts !== undefined && protocol !== "ssh:") throw invalid("knownHosts", "is for ssh");
  if (knownHosts !== undefined && !KNOWN_HOSTS.test(knownHosts)) throw invalid("knownHosts", "is no plain text");
  if (credential === undefined) return;
  const { username, secret, sshKey } = credential;
  if (protocol === "git:") throw invalid("credential", "is of no use: git:// knows none");
  if (protocol === "ssh:") {
    if (secret !== undefined) throw invalid("credential.password", "is not for ssh, which wants a key");
    if (username !== undefined)
      throw invalid("credential.username", "stands in the address, as in ssh://git@host/path");
    if (sshKey === undefined || sshKey.length === 0) throw invalid("credential.sshKey", "is missing");
    return;
  }
  if (sshKey !== undefined) throw invalid("credential.sshKey", "is for ssh");
  if (secret === undefined || secret.length === 0) throw invalid("credential.password", "is missing");
  // Git asks for one line of each.
  if (secret.some((byte) => byte === 0x0a || byte === 0x0d || byte === 0)) {
    throw invalid("credential.password", "is more than one line");
  }
  // oxlint-disable-next-line no-control-regex
  if (username !== undefined && /[\u0000-\u001f:]|^$/.test(username)) {
    throw invalid("credential.username", "is empty, or has a colon or a control character");
  }
}

const invalid = (field: string, problem: string): OperationError =>
  new OperationError("invalid_input", { field, problem });
