import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, open, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { isIPv6 } from "node:net";
import { join } from "node:path";
import type { RepositoryView } from "../backend.ts";
import type { RemoteAccess } from "../remote-facet.ts";
import { alternates, withConfig } from "./git-environment.ts";

const OWNER_ONLY = 0o600;
const SSH_PORT = "22";
/** How long nothing may come over http, seconds; a server that counts objects says something every five. */
const SILENCE_SECONDS = 300;
const CONNECT_SECONDS = 30;
const ALIVE_SECONDS = 15;
const KNOWN_HOSTS_BYTES_MAX = 64 * 1024;

/** Asks us over descriptor 3. The answer is in no argument and in no environment: `read` and `printf` are the shell's own. */
const ASKPASS = `#!/bin/sh
printf '%s\\n' "$1" >&3
IFS= read -r answer <&3 && printf '%s\\n' "$answer"
`;

/**
 * Configuration of every run that speaks with another server: nobody is followed to where he points, objects are checked as those of
 * pushes are, no helper is asked for credentials.
 */
const CONFIG: Readonly<Record<string, string>> = {
  "credential.helper": "",
  "http.followRedirects": "false",
  "http.lowSpeedLimit": "1",
  "http.lowSpeedTime": String(SILENCE_SECONDS),
  "protocol.version": "2",
  "transfer.bundleURI": "false",
  "fetch.fsckObjects": "true",
  "fetch.fsck.badTimezone": "ignore",
  "fetch.fsck.missingSpaceBeforeDate": "ignore",
  "fetch.fsck.zeroPaddedFilemode": "ignore",
  "fetch.unpackLimit": "32",
  "push.negotiate": "false",
  "core.fsync": "none",
};

/** Where a run works: what of a repository, and where its objects go. */
export type Workplace =
  | { readonly kind: "nowhere" }
  | { readonly kind: "push"; readonly view: RepositoryView }
  | { readonly kind: "fetch"; readonly view: RepositoryView; readonly quarantineDir: string };

/**
 * A private directory of one run: a git directory with a configuration of its own, so that none of the repository's decides where a
 * connection goes; and what ssh wants as files. `close` takes it away.
 */
export class RemoteScratch {
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
  readonly #remote: RemoteAccess;

  private constructor(path: string, env: Readonly<Record<string, string>>, remote: RemoteAccess) {
    this.path = path;
    this.env = env;
    this.#remote = remote;
  }

  static async make(root: string, remote: RemoteAccess, place: Workplace): Promise<RemoteScratch> {
    const path = await mkdtemp(join(root, "remote-"));
    try {
      await chmod(path, 0o700);
      await makeGitDirectory(path, place);
      await writeFile(join(path, "askpass"), ASKPASS, { mode: 0o700 });
      if (remote.url.startsWith("ssh:")) await writeSshFiles(path, remote);
      return new RemoteScratch(path, environment(path, remote, place), remote);
    } catch (error) {
      await rm(path, { recursive: true, force: true });
      throw error;
    }
  }

  /** Tells which keys the server has shown, where any were fine. */
  async tellHostKeys(): Promise<void> {
    const { knownHosts, onHostKeys } = this.#remote;
    const file = join(this.path, "known-hosts");
    if (knownHosts !== undefined || onHostKeys === undefined || !existsSync(file)) return;
    const text = await readFile(file, "utf8");
    if (text !== "" && text.length <= KNOWN_HOSTS_BYTES_MAX) onHostKeys(text);
  }

  async close(): Promise<void> {
    await overwrite(join(this.path, "key"));
    await rm(this.path, { recursive: true, force: true });
  }
}

async function makeGitDirectory(path: string, place: Workplace): Promise<void> {
  const format = place.kind === "nowhere" ? "sha1" : place.view.objectFormat;
  const version = format === "sha1" ? 0 : 1;
  const extensions = format === "sha1" ? "" : `[extensions]\n\tobjectFormat = ${format}\n`;
  await writeFile(join(path, "config"), `[core]\n\trepositoryformatversion = ${version}\n\tbare = true\n${extensions}`);
  await writeFile(join(path, "HEAD"), "ref: refs/heads/none\n");
  await mkdir(join(path, "objects"));
  if (place.kind === "nowhere") await mkdir(join(path, "refs"));
  else await linkReferences(path, place);
}

async function linkReferences(path: string, place: Exclude<Workplace, { kind: "nowhere" }>): Promise<void> {
  for (const name of ["refs", "packed-refs", "shallow"]) {
    const target = join(place.view.gitDir, name);
    if (existsSync(target)) await symlink(target, join(path, name));
  }
  if (place.kind === "fetch") await mkdir(place.quarantineDir, { recursive: true });
}

/** What is given stands in files that one run of ssh reads, and nobody else. */
async function writeSshFiles(path: string, { url, address, credential, knownHosts }: RemoteAccess): Promise<void> {
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  const lines = [
    "Host *",
    `HostName ${address}`,
    `HostKeyAlias ${port === "" || port === SSH_PORT ? host : `[${host}]:${port}`}`,
    "CheckHostIP no",
    "UserKnownHostsFile ./known-hosts",
    "GlobalKnownHostsFile /dev/null",
    `StrictHostKeyChecking ${knownHosts === undefined ? "accept-new" : "yes"}`,
    "UpdateHostKeys no",
    "HashKnownHosts no",
    `IdentityFile ${credential?.sshKey === undefined ? "none" : "./key"}`,
    "IdentitiesOnly yes",
    "IdentityAgent none",
    "BatchMode yes",
    "PreferredAuthentications publickey",
    "ClearAllForwardings yes",
    "PermitLocalCommand no",
    "ProxyCommand none",
    `ConnectTimeout ${CONNECT_SECONDS}`,
    `ServerAliveInterval ${ALIVE_SECONDS}`,
    "LogLevel ERROR",
  ];
  await writeFile(join(path, "ssh-config"), `${lines.join("\n")}\n`);
  await writeFile(join(path, "known-hosts"), knownHosts ?? "", { mode: OWNER_ONLY });
  const key = credential?.sshKey;
  if (key === undefined) return;
  const file = await open(join(path, "key"), "wx", OWNER_ONLY);
  try {
    await file.write(key);
    // ssh wants the last line ended, and a person who pastes forgets it.
    if (key.at(-1) !== 0x0a) await file.write("\n");
  } finally {
    await file.close();
  }
}

function environment(path: string, remote: RemoteAccess, place: Workplace): Readonly<Record<string, string>> {
  const { protocol, host, hostname } = new URL(remote.url);
  return {
    ...withConfig({ ...CONFIG, ...resolveConfig(remote) }),
    GIT_ALLOW_PROTOCOL: "https:http:ssh:git",
    ...(remote.credential?.secret === undefined ? {} : { GIT_ASKPASS: join(path, "askpass") }),
    ...(protocol === "ssh:" ? { GIT_SSH_COMMAND: "ssh -F ./ssh-config", GIT_SSH_VARIANT: "ssh" } : {}),
    ...(protocol === "git:" && hostname !== remote.address ? { GIT_OVERRIDE_VIRTUAL_HOST: host } : {}),
    ...objectDirectories(place),
  };
}

/** Curl takes the checked address for the name, and asks nobody. */
function resolveConfig({ url, address }: RemoteAccess): Record<string, string> {
  const { protocol, hostname, port } = new URL(url);
  if (protocol !== "http:" && protocol !== "https:") return {};
  const number = port === "" ? (protocol === "https:" ? "443" : "80") : port;
  return { "http.curloptResolve": `${hostname}:${number}:${isIPv6(address) ? `[${address}]` : address}` };
}

function objectDirectories(place: Workplace): Readonly<Record<string, string>> {
  if (place.kind === "nowhere") return {};
  const own = join(place.view.gitDir, "objects");
  if (place.kind === "push") return { GIT_OBJECT_DIRECTORY: own };
  return {
    GIT_OBJECT_DIRECTORY: place.quarantineDir,
    GIT_QUARANTINE_PATH: place.quarantineDir,
    GIT_ALTERNATE_OBJECT_DIRECTORIES: alternates([own]),
  };
}

/** The address that git is given: of `git://` the checked one, the others are told it by other ways. */
export function addressForGit({ url, address }: RemoteAccess): string {
  if (!url.startsWith("git:")) return url;
  const target = isIPv6(address) ? `[${address}]` : address;
  const { port, pathname } = new URL(url);
  return `git://${target}${port === "" ? "" : `:${port}`}${pathname}`;
}

async function overwrite(file: string): Promise<void> {
  if (!existsSync(file)) return;
  const { size } = await stat(file);
  await writeFile(file, Buffer.alloc(size), { flag: "r+" });
}
