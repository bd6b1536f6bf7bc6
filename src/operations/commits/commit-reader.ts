import type { OpenRepository } from "../../contract/context.ts";
import type { ByteString } from "../../domain/bytes.ts";
import { type Commit, parseCommit } from "../../domain/commit.ts";
import type { GitObject } from "../../domain/git-object.ts";
import type { Identity } from "../../domain/identity.ts";
import type { Mailmap } from "../../domain/mailmap.ts";
import { isOid, type Oid } from "../../domain/oid.ts";
import { mailmapOfHead } from "./mailmap-of-head.ts";

/** Reads commits as callers see them: with the names of the repository's mailmap. */
export class CommitReader {
  readonly #repository: OpenRepository;
  readonly #mailmap: Mailmap | undefined;

  private constructor(repository: OpenRepository, mailmap: Mailmap | undefined) {
    this.#repository = repository;
    this.#mailmap = mailmap;
  }

  static async open(repository: OpenRepository): Promise<CommitReader> {
    return new CommitReader(repository, await mailmapOfHead(repository));
  }

  /** Reads commits, each id once however often it is named; undefined stands for what is absent or no commit. */
  async readMany(oids: readonly Oid[]): Promise<(Commit | undefined)[]> {
    const { git, view } = this.#repository;
    const distinct = new Set(oids);
    if (distinct.size === oids.length)
      return (await git.objects.readMany(view, oids)).map((object) => this.parse(object));
    const objects = await git.objects.readMany(view, [...distinct]);
    const byOid = new Map<Oid, Commit | undefined>();
    let index = 0;
    for (const oid of distinct) byOid.set(oid, this.parse(objects[index++]));
    return oids.map((oid) => byOid.get(oid));
  }

  /** Parses what may be a commit. */
  parse(object: GitObject | undefined): Commit | undefined {
    if (object?.type !== "commit") return undefined;
    const commit = parseCommit(object.oid, object.content);
    const mailmap = this.#mailmap;
    if (mailmap === undefined) return commit;
    return { ...commit, author: mailmap.apply(commit.author), committer: mailmap.apply(commit.committer) };
  }

  /** An identity under its proper name. */
  map(identity: Identity): Identity {
    return this.#mailmap?.apply(identity) ?? identity;
  }
}

/** Reads the commit object that a revision leads to; undefined when there is none. */
export async function readCommitObject(
  repository: OpenRepository,
  revision: ByteString,
): Promise<GitObject | undefined> {
  const { git, view, objectFormat } = repository;
  if (isOid(revision, objectFormat)) {
    // A full id needs no look-up of names: Git takes it for an id even where a reference has the same name.
    const object = await git.objects.read(view, revision);
    if (object?.type !== "tag") return object?.type === "commit" ? object : undefined;
  }
  const oid = await git.objects.resolve(view, revision, "commit");
  return oid === undefined ? undefined : git.objects.read(view, oid);
}
