import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ObjectFormat } from "../../src/domain/oid.ts";
import { uploadPack } from "../../src/operations/git/upload-pack.ts";
import { type GitListener, listenForGit } from "./git-listener.ts";
import { gitUploadPack } from "./git-upload-pack.ts";
import { type BACKENDS, OperationStory } from "./operation-story.ts";
import { listenForSmartHttp } from "./smart-http-listener.ts";
import { runGit, TemporaryRepository } from "./temporary-repository.ts";

export type Transport = "git" | "http";
export type Version = 0 | 1 | 2;

/** What a clone is like; two clones that were served alike are equal in this. */
export interface CloneState {
  readonly head: string;
  readonly references: string[];
  readonly shallow: string[];
  readonly objects: string[];
}

/** A repository that is fetched from with git's own client, through `uploadPack` and from the path on disk. */
export class FetchStory {
  readonly story: OperationStory;
  /** The repository for real git. */
  readonly origin: TemporaryRepository;
  readonly directory: string;
  readonly #listeners: Readonly<Record<Transport | "reference", GitListener>>;
  #clones = 0;

  private constructor(
    story: OperationStory,
    directory: string,
    listeners: Record<Transport | "reference", GitListener>,
  ) {
    this.story = story;
    this.origin = TemporaryRepository.at(story.test.pathOf(story.repository));
    this.directory = directory;
    this.#listeners = listeners;
  }

  static async open(backend: (typeof BACKENDS)[number], objectFormat: ObjectFormat = "sha1"): Promise<FetchStory> {
    const story = await OperationStory.open(backend, objectFormat);
    const converse = (
      mode: "advertise" | "stateless" | "stateful",
      protocol: string | undefined,
      parts: AsyncIterable<Uint8Array>,
      signal: AbortSignal,
    ) => {
      const { engine, caller } = story.test;
      const input = { repository: story.repository, mode, ...(protocol !== undefined && { protocol }) };
      return engine.run(uploadPack, input, { ...caller, signal }, parts);
    };
    const git = await listenForGit((protocol, parts, signal) => converse("stateful", protocol, parts, signal));
    const http = await listenForSmartHttp((protocol, mode, parts, signal) => converse(mode, protocol, parts, signal));
    const reference = await listenForSmartHttp(gitUploadPack(story.test.pathOf(story.repository)));
    const directory = await mkdtemp(join(tmpdir(), "holdfast-fetch-"));
    const fetching = new FetchStory(story, directory, { git, http, reference });
    // What git's own upload-pack needs to be told.
    await fetching.origin.git(["config", "uploadpack.allowFilter", "true"]);
    await fetching.origin.git(["config", "transfer.hideRefs", "refs/keep-around"]);
    return fetching;
  }

  url(transport: Transport): string {
    return this.#listeners[transport].url;
  }

  /** Where git's own upload-pack answers in the same manner: the path on disk, or over HTTP. */
  referenceUrl(transport: Transport): string {
    return transport === "git" ? `file://${this.origin.path}` : this.#listeners.reference.url;
  }

  failures(transport: Transport): unknown[] {
    return this.#listeners[transport].failures;
  }

  /** Clones and gives the clone's directory. */
  async clone(url: string, version: Version, ...options: string[]): Promise<string> {
    const to = join(this.directory, `clone-${++this.#clones}`);
    await runGit(this.directory, ["-c", `protocol.version=${version}`, "clone", "--quiet", ...options, url, to]);
    await runGit(to, ["config", "protocol.version", String(version)]);
    return to;
  }

  async close(): Promise<void> {
    await this.#listeners.git.close();
    await this.#listeners.http.close();
    await this.#listeners.reference.close();
    await this.story.close();
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** What a clone is like. Throws when `git fsck` finds fault. */
export async function stateOf(clone: string): Promise<CloneState> {
  const lines = async (...args: string[]) =>
    (await runGit(clone, args)).toString("latin1").split("\n").filter(Boolean).toSorted();
  const partial = (await lines("config", "--get-regexp", "^(remote.origin.promisor|core.bare)")).length > 1;
  if (!partial) await runGit(clone, ["fsck", "--no-dangling"]);
  const gitDir = (await runGit(clone, ["rev-parse", "--absolute-git-dir"])).toString().trim();
  const shallow = await readFile(join(gitDir, "shallow"), "latin1").catch(() => "");
  return {
    head: (await readFile(join(gitDir, "HEAD"), "latin1")).trim(),
    references: await lines("for-each-ref", "--format=%(refname) %(objectname)"),
    shallow: shallow.split("\n").filter(Boolean).toSorted(),
    objects: await lines("cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objectname) %(objecttype)"),
  };
}
