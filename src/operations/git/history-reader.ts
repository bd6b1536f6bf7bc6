import type { OpenRepository } from "../../contract/context.ts";
import { hasReason, OperationError } from "../../domain/errors.ts";
import type { ObjectType } from "../../domain/git-object.ts";
import { OID_HEX_LENGTH, type Oid } from "../../domain/oid.ts";

/** What a walk needs of a commit. */
export interface CommitLinks {
  /** None where the repository's own history ends. */
  readonly parents: readonly Oid[];
  /** Committer's date, seconds since 1970; 0 when there is none. */
  readonly seconds: number;
}

/** Objects that are read in one call. */
const BATCH_MAX = 256;
/** Commits that are remembered; a walk that meets more of them rarely comes back. */
const LINKS_MAX = 50_000;
/** Objects between two pauses: reads from memory answer at once, and others want their turn. */
const OBJECTS_BETWEEN_PAUSES = 1000;
/** Tags that point at tags. */
const TAG_DEPTH_MAX = 64;

/** Reads commits of one repository for one conversation, each once. */
export class HistoryReader {
  readonly #repository: OpenRepository;
  readonly #links = new Map<Oid, CommitLinks | undefined>();
  readonly #signal: AbortSignal;
  #sincePause = 0;
  /** Where the repository's own history ends; empty unless it is shallow. */
  readonly ends: ReadonlySet<Oid>;

  private constructor(repository: OpenRepository, signal: AbortSignal, ends: ReadonlySet<Oid>) {
    this.#repository = repository;
    this.#signal = signal;
    this.ends = ends;
  }

  static async open(repository: OpenRepository, signal: AbortSignal): Promise<HistoryReader> {
    return new HistoryReader(repository, signal, new Set(await repository.git.history.shallow(repository.view)));
  }

  /** The types of objects, undefined for what is not there. */
  async types(oids: readonly Oid[]): Promise<(ObjectType | undefined)[]> {
    const { git, view } = this.#repository;
    const types: (ObjectType | undefined)[] = [];
    for (let from = 0; from < oids.length; from += BATCH_MAX) {
      await this.#pause(Math.min(BATCH_MAX, oids.length - from));
      const infos = await Promise.all(oids.slice(from, from + BATCH_MAX).map((oid) => git.objects.info(view, oid)));
      for (const info of infos) types.push(info?.type);
    }
    return types;
  }

  /** Commits, in the order asked for; undefined for what is no commit, or is not there. */
  async commits(oids: readonly Oid[]): Promise<(CommitLinks | undefined)[]> {
    const { git, view, objectFormat } = this.#repository;
    const links = oids.map((oid) => this.#links.get(oid));
    const unread = oids.flatMap((oid, index) => (this.#links.has(oid) ? [] : [index]));
    if (this.#links.size > LINKS_MAX) this.#links.clear();
    for (let from = 0; from < unread.length; from += BATCH_MAX) {
      const indices = unread.slice(from, from + BATCH_MAX);
      const batch = indices.map((index) => oids[index]!);
      await this.#pause(batch.length);
      const objects = await git.objects.readMany(view, batch);
      for (const [index, oid] of batch.entries()) {
        const object = objects[index];
        const read = object?.type === "commit" ? linksOf(object.content, OID_HEX_LENGTH[objectFormat]) : undefined;
        const link = read !== undefined && this.ends.has(oid) ? { ...read, parents: [] } : read;
        links[indices[index]!] = link;
        this.#links.set(oid, link);
      }
    }
    return links;
  }

  /** Lets others have their turn now and then, and ends with the request. */
  async #pause(objects: number): Promise<void> {
    this.#sincePause += objects;
    if (this.#sincePause >= OBJECTS_BETWEEN_PAUSES) {
      this.#sincePause = 0;
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#signal.throwIfAborted();
  }

  /** Commits that must be there, since others refer to them. Throws `objects_missing`. */
  async existingCommits(oids: readonly Oid[]): Promise<CommitLinks[]> {
    const commits = await this.commits(oids);
    return commits.map((commit, index) => {
      if (commit === undefined) throw new OperationError("objects_missing", { oids: [oids[index]!] });
      return commit;
    });
  }

  /** The commits that objects are or, as tags, finally point at; those that are neither are left out. */
  async peelToCommits(oids: readonly Oid[]): Promise<Oid[]> {
    const types = await this.types(oids);
    const commits = new Set<Oid>();
    for (const [index, oid] of oids.entries()) {
      const commit = types[index] === "tag" ? await this.#peelTag(oid) : types[index] === "commit" ? oid : undefined;
      if (commit !== undefined) commits.add(commit);
    }
    return [...commits];
  }

  async #peelTag(tag: Oid): Promise<Oid | undefined> {
    const { git, view, objectFormat } = this.#repository;
    let oid = tag;
    for (let depth = 0; depth < TAG_DEPTH_MAX; depth++) {
      const object = await git.objects.read(view, oid);
      if (object?.type !== "tag") return object?.type === "commit" ? oid : undefined;
      oid = latin1(object.content, 7, 7 + OID_HEX_LENGTH[objectFormat]);
      const type = (await git.objects.info(view, oid))?.type;
      if (type === "commit") return oid;
      if (type !== "tag") return undefined;
    }
    return undefined;
  }

  /** Those of the commits that no reference reaches. */
  async unreachable(commits: readonly Oid[], tips: readonly string[]): Promise<Set<Oid>> {
    const { git, view } = this.#repository;
    const asked = new Set(commits);
    const unreachable = new Set<Oid>();
    if (asked.size === 0) return unreachable;
    try {
      for await (const batch of git.history.log(view, { revisions: [...commits, "--not", ...tips] })) {
        for (const oid of batch) if (asked.has(oid)) unreachable.add(oid);
      }
    } catch (error) {
      if (hasReason(error, "revision_not_found")) return asked;
      throw error;
    }
    return unreachable;
  }

  /** Commits that revisions reach since a time. */
  async since(revisions: readonly string[], sinceSeconds: number | undefined): Promise<Oid[]> {
    const { git, view } = this.#repository;
    const found: Oid[] = [];
    const query = sinceSeconds === undefined ? { revisions } : { revisions, afterSeconds: sinceSeconds };
    for await (const batch of git.history.log(view, query)) {
      for (const oid of batch) found.push(oid);
    }
    return found;
  }
}

const latin1 = (bytes: Uint8Array, from: number, to: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1", from, to);

const PARENT = 0x70;

/** Reads the headers that a walk needs: `tree`, then every `parent`, later `committer` (gitformat-commit). */
function linksOf(content: Uint8Array, oidLength: number): CommitLinks {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const parents: Oid[] = [];
  let at = "tree ".length + oidLength + 1;
  for (; bytes[at] === PARENT; at += "parent ".length + oidLength + 1) {
    parents.push(bytes.toString("latin1", at + "parent ".length, at + "parent ".length + oidLength));
  }
  const committer = bytes.indexOf("\ncommitter ", Math.max(0, at - 1), "latin1");
  const end = bytes.indexOf(0x0a, committer + 1);
  const line = committer < 0 ? "" : bytes.toString("latin1", committer, end < 0 ? bytes.length : end);
  const date = /^ ([0-9]+)/.exec(line.slice(line.lastIndexOf(">") + 1));
  return { parents, seconds: date === null ? 0 : Number(date[1]) };
}
