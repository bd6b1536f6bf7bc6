import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { OperationError } from "../../domain/errors.ts";
import { isOid, type ObjectFormat, type Oid } from "../../domain/oid.ts";
import type { QuarantinedView, RepositoryView } from "../backend.ts";
import type { RemoteAccess, RemoteFacet, RemoteListing, RemotePush } from "../remote-facet.ts";
import { answerPrompts, secretDetector } from "./askpass.ts";
import { LineQueue } from "./line-queue.ts";
import { remoteProblem } from "./remote-problems.ts";
import { addressForGit, RemoteScratch, type Workplace } from "./remote-scratch.ts";
import type { GitRun, GitRunner } from "./run-git.ts";

const SIZE_LOOK_MS = 250;
/** How long git may say nothing: a server that counts, and a check of all that has come, may take minutes. */
const SILENCE_MS = 15 * 60_000;
const LEFT_OUT = "(a line is left out: it tells the credential)";
const REFUSALS_TOLD = 10;

/** Other servers, through native git: it alone speaks ssh and knows every answer of http. */
export function createRemote(runner: GitRunner, scratchRoot: string): RemoteFacet {
  return {
    async list(view: Pick<RepositoryView, "signal">, remote: RemoteAccess, prefixes: readonly string[]) {
      const run: GitRun = { command: "listRemote", operands: [addressForGit(remote)] };
      const conversation = new Conversation(runner, scratchRoot, remote, view.signal);
      for await (const _ of conversation.run({ kind: "nowhere" }, run));
      return parseListing(conversation.stdout, prefixes);
    },

    async *fetch(view: QuarantinedView, remote: RemoteAccess, oids: readonly Oid[]) {
      if (oids.length === 0) return;
      for (const oid of oids) if (!isOid(oid, view.objectFormat)) throw otherFormat(remote, view.objectFormat);
      const stdin = Buffer.from(oids.map((oid) => `${oid}\n`).join(""), "latin1");
      const run: GitRun = { command: "fetchRemote", operands: [addressForGit(remote)], stdin };
      const { quarantineDir } = view;
      const conversation = new Conversation(runner, scratchRoot, remote, view.signal);
      conversation.watchSize(quarantineDir);
      yield* conversation.run({ kind: "fetch", view, quarantineDir }, run);
    },

    async *push(view: RepositoryView, remote: RemoteAccess, { refspecs, prune }: RemotePush) {
      const operands = [addressForGit(remote), ...refspecs];
      const run: GitRun = { command: "pushRemote", flags: prune ? ["--prune"] : [], operands };
      yield* new Conversation(runner, scratchRoot, remote, view.signal).run({ kind: "push", view }, run);
    },
  };
}

/** One run of git with another server: what it may take, what it may say, and what is left of it. */
class Conversation {
  readonly #runner: GitRunner;
  readonly #scratchRoot: string;
  readonly #remote: RemoteAccess;
  readonly #signal: AbortSignal | undefined;
  /** Why we have stopped it. */
  readonly #stopped = new AbortController();
  #failure: OperationError | undefined;
  #watched: string | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(runner: GitRunner, scratchRoot: string, remote: RemoteAccess, signal: AbortSignal | undefined) {
    this.#runner = runner;
    this.#scratchRoot = scratchRoot;
    this.#remote = remote;
    this.#signal = signal;
  }

  get stdout(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  /** Stops the run when more than is allowed has come into this directory. */
  watchSize(directory: string): void {
    this.#watched = directory;
  }

  /** Runs git; yields its lines of progress. Throws what the facet's methods throw. */
  async *run(place: Workplace, run: GitRun): AsyncGenerator<string> {
    const scratch = await RemoteScratch.make(this.#scratchRoot, this.#remote, place);
    const secret = secretDetector(this.#remote);
    const stop = this.#limits();
    const lines = new LineQueue();
    try {
      const started = await this.#start(scratch, place, run);
      const { child } = started;
      try {
        if (child.channel !== undefined) answerPrompts(child.channel, this.#remote);
        child.onStderr((chunk) => {
          this.#silence?.refresh();
          lines.push(chunk);
        });
        child.stdout.on("data", (chunk: Buffer) => this.#keep(chunk));
        void child.ended.then(() => lines.end());
        if (run.stdin !== undefined) child.stdin.end(run.stdin);
        for await (const line of lines) yield secret.tells(line) ? LEFT_OUT : printable(line);
        await started.finish();
        // What was quick may be too much all the same.
        if (this.#watched !== undefined) await this.#look();
        if (this.#failure !== undefined) throw this.#failure;
      } catch (error) {
        throw this.#explain(error, child.stderr.toString("utf8"), secret);
      } finally {
        await started.dispose();
      }
      await scratch.tellHostKeys();
    } finally {
      stop();
      secret.forget();
      await scratch.close();
    }
  }

  #start(scratch: RemoteScratch, place: Workplace, run: GitRun) {
    const objectFormat: ObjectFormat = place.kind === "nowhere" ? "sha1" : place.view.objectFormat;
    const signals = [this.#stopped.signal, ...(this.#signal === undefined ? [] : [this.#signal])];
    const view: RepositoryView = { gitDir: scratch.path, objectFormat, signal: AbortSignal.any(signals) };
    const options = { stdin: run.stdin !== undefined, channel: this.#remote.credential?.secret !== undefined };
    return this.#runner.start(view, { ...run, env: scratch.env }, options);
  }

  #limits(): () => void {
    const { timeoutMs, url } = this.#remote;
    const late = () =>
      this.#stop(
        new OperationError("remote_unreachable", { host: hostOf(url), problem: "it does not answer in time" }),
      );
    const timer = setTimeout(late, timeoutMs);
    this.#silence = setTimeout(late, SILENCE_MS);
    const looking = this.#watched === undefined ? undefined : setInterval(() => void this.#look(), SIZE_LOOK_MS);
    return () => {
      clearTimeout(timer);
      clearTimeout(this.#silence);
      clearInterval(looking);
    };
  }

  async #look(): Promise<void> {
    const { bytesMax: limitBytes } = this.#remote;
    const sizeBytes = await sizeOf(this.#watched!);
    if (sizeBytes > limitBytes)
      this.#stop(new OperationError("too_large", { what: "fetched pack", sizeBytes, limitBytes }));
  }

  #stop(failure: OperationError): void {
    this.#failure ??= failure;
    this.#stopped.abort();
  }

  #keep(chunk: Buffer): void {
    this.#silence?.refresh();
    this.#bytes += chunk.length;
    const limitBytes = this.#runner.limits.outputBytesMax;
    if (this.#bytes <= limitBytes) this.#chunks.push(chunk);
    else
      this.#stop(new OperationError("too_large", { what: "list of references", sizeBytes: this.#bytes, limitBytes }));
  }

  /** What went wrong, in words that can be shown: nothing of what git said is in the error as it was. */
  #explain(error: unknown, stderr: string, secret: { tells(text: string): boolean }): unknown {
    if (this.#failure !== undefined && this.#signal?.aborted !== true) return this.#failure;
    if (!(error instanceof OperationError) || error.reason !== "git_failed") return error;
    const said = stderr
      .split(/[\r\n]+/)
      .filter((line) => !secret.tells(line))
      .join("\n");
    const host = hostOf(this.#remote.url);
    const refusals = refusalsIn(this.stdout).filter((refusal) => !secret.tells(refusal));
    if (refusals.length === 0) return remoteProblem(said, host);
    return new OperationError("remote_refused", { host, problem: refusals.slice(0, REFUSALS_TOLD).join(", ") });
  }
}

/** Host and port, as a person would name the server. */
const hostOf = (url: string): string => new URL(url).host;

/** What another server says may hold anything; a terminal must not obey it. */
// oxlint-disable-next-line no-control-regex
const printable = (line: string): string => line.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "");

/** `!\trefs/heads/main:refs/heads/main\t[remote rejected] (hook declined)`, as `git push --porcelain` prints it. */
function refusalsIn(stdout: Buffer): string[] {
  return stdout
    .toString("utf8")
    .split("\n")
    .filter((line) => line.startsWith("!\t"))
    .map((line) => {
      const [, names = "", summary = ""] = line.split("\t");
      return printable(`${names.slice(names.lastIndexOf(":") + 1)} ${summary}`);
    });
}

function parseListing(stdout: Buffer, prefixes: readonly string[]): RemoteListing {
  const references: { name: string; oid: Oid }[] = [];
  let head: string | undefined;
  for (const line of stdout.toString("latin1").split("\n")) {
    const [first = "", name = ""] = line.split("\t");
    if (name === "HEAD" && first.startsWith("ref: ")) head = first.slice("ref: ".length);
    if (first.startsWith("ref: ") || name.endsWith("^{}")) continue;
    if (prefixes.some((prefix) => name.startsWith(prefix))) references.push({ name, oid: first as Oid });
  }
  return { references, ...(head === undefined ? {} : { head }) };
}

function otherFormat({ url }: RemoteAccess, objectFormat: ObjectFormat): OperationError {
  return new OperationError("remote_refused", {
    host: hostOf(url),
    problem: `its object format is not ${objectFormat}`,
  });
}

async function sizeOf(directory: string): Promise<number> {
  let bytes = 0;
  try {
    for (const entry of await readdir(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name);
      bytes += entry.isDirectory() ? await sizeOf(path) : (await stat(path)).size;
    }
  } catch {
    // Files come and go while git works.
  }
  return bytes;
}
