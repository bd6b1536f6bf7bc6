import type { AtOnce } from "../domain/at-once.ts";
import type { ByteString } from "../domain/bytes.ts";
import type { DiffEntry, DiffStat, FilePatch, WhitespaceMode } from "../domain/diff.ts";
import type {
  GitObject,
  GitPath,
  ObjectInfo,
  ObjectType,
  TreeEdit,
  TreeEntry,
  TreeFile,
} from "../domain/git-object.ts";
import type { ObjectFormat, Oid } from "../domain/oid.ts";
import type { Head, RefChange, Reference, RefName } from "../domain/reference.ts";
import type { RemoteFacet } from "./remote-facet.ts";
import type { MaintenanceFacet } from "./maintenance-facet.ts";
import type { WorktreeFacet } from "./worktree-facet.ts";

/**
 * Where a call reads and writes: one bare repository, seen by one request. A quarantine adds a directory for new objects that
 * the repository does not have yet; the signal stops the work, child processes included.
 */
export interface RepositoryView {
  /** Absolute path of the bare repository, as the runtime's own file functions take it. */
  readonly gitDir: string;
  readonly objectFormat: ObjectFormat;
  /** Absolute path of the quarantine's object directory. Objects are read from it as well, and written only to it. */
  readonly quarantineDir?: string;
  readonly signal?: AbortSignal;
}

/** A view that may write objects. */
export interface QuarantinedView extends RepositoryView {
  readonly quarantineDir: string;
}

/** What a revision is peeled to, as in `REV^{commit}`; `object` only asks that it exists. */
export type PeelTarget = "object" | "commit" | "tree" | "blob" | "tag";

/** Reading and writing objects. Reads answer undefined for what does not exist. */
export interface ObjectsFacet {
  /**
   * The object that a revision names (gitrevisions(7)), as `git rev-parse --verify --quiet --end-of-options REV^{peel}`; the
   * object exists. `REV:PATH` is resolved first and then peeled, since the path would take the suffix in.
   */
  resolve(view: RepositoryView, revision: ByteString, peel?: PeelTarget): Promise<Oid | undefined>;
  info(view: RepositoryView, oid: Oid): Promise<ObjectInfo | undefined>;
  /** Reads a whole object, or its first `bytesMax` bytes. */
  read(view: RepositoryView, oid: Oid, bytesMax?: number): Promise<GitObject | undefined>;
  readMany(view: RepositoryView, oids: readonly Oid[]): Promise<(GitObject | undefined)[]>;
  /** A blob's content in chunks of at most 128 KiB, cut after `bytesMax` bytes; throws `object_not_found`. */
  stream(view: RepositoryView, oid: Oid, bytesMax?: number): AsyncIterable<Uint8Array>;
  /** The entry at a path below a tree or commit; the root itself (path "") has no entry. */
  treeEntry(view: RepositoryView, treeish: Oid, path: GitPath): AtOnce<TreeEntry | undefined>;
  /** The same, and what a blob holds: all of it, or its first `bytesMax` bytes. Undefined also where the blob itself is missing. */
  readFile(view: RepositoryView, treeish: Oid, path: GitPath, bytesMax?: number): AtOnce<TreeFile | undefined>;
  /**
   * Entries of a tree or commit in batches, in the order of `git ls-tree -t [-r]`, with paths from the root of that tree
   * prefixed with `prefix` as given (no slash is added).
   */
  listTree(
    view: RepositoryView,
    treeish: Oid,
    options: { recursive: boolean; prefix?: GitPath },
  ): AsyncIterable<TreeEntry[]>;
  /**
   * Blobs that revisions reach, each once, in the order of `git rev-list --objects --in-commit-order`; `path` is absent for a
   * blob named directly. Throws `revision_not_found`.
   */
  listBlobs(view: RepositoryView, revisions: readonly ByteString[], blobsMax?: number): AsyncIterable<ListedBlob[]>;
  /**
   * Lines of files below a tree or commit that match, as `git grep -I` finds them, in batches: files in git's order, lines in theirs. Throws `invalid_input` for an
   * expression that is none.
   */
  grep(view: RepositoryView, treeish: Oid, query: GrepQuery): AsyncIterable<GrepMatch[]>;
  /** Writes an object into the quarantine, as it is: no conversion, no check of its form. */
  write(view: QuarantinedView, type: ObjectType, content: Uint8Array): Promise<Oid>;
  /**
   * Writes the trees that result from edits of `base` (a tree; the empty one when absent). Edits act in their order: an entry
   * replaces whatever stands at its path, directories included, and a file that stands in the way of its directories; `remove`
   * takes away a file or a whole directory, and is fine where nothing is. Directories left empty disappear.
   */
  editTree(view: QuarantinedView, base: Oid | undefined, edits: readonly TreeEdit[]): Promise<Oid>;
}

/** What is looked for in files. */
export interface GrepQuery {
  /** An extended regular expression, or a plain text with `fixed`. */
  readonly pattern: ByteString;
  readonly fixed?: boolean;
  readonly ignoreCase?: boolean;
  /** Taken literally, files and folders; all when absent. */
  readonly paths?: readonly GitPath[];
  /** Matches in one file at most. */
  readonly matchesPerFileMax: number;
}

/** A line that matches; long ones are cut. */
export interface GrepMatch {
  readonly path: GitPath;
  /** From 1. */
  readonly line: number;
  readonly text: Uint8Array;
}

export interface ListedBlob {
  readonly oid: Oid;
  readonly path?: GitPath;
}

/** Objects that are in the repository, each whole, and soon for good. */
export interface Migration {
  /** Resolves when they survive a power cut. It is awaited whatever happens, so that no failure goes unnoticed. */
  readonly flushed: Promise<void>;
}

/** The life of a quarantine directory. Its path is reserved; whoever first puts a file into it makes it. */
export interface QuarantineFacet {
  /** Makes every object written through the view stand as a file in the quarantine directory, for hooks and child processes. */
  materialize(view: QuarantinedView): Promise<void>;
  /** Moves all objects of the quarantine into the repository. The caller awaits `flushed` before it lets anything refer to them. */
  migrate(view: QuarantinedView): Promise<Migration>;
  /** Copies a commit and all that it reaches, as far as it is missing here, from another repository on this machine. */
  fetch(view: QuarantinedView, source: RepositoryView, tip: Oid): Promise<void>;
  /** Forgets the quarantine's objects and removes the directory. */
  discard(view: QuarantinedView): Promise<void>;
}

/** References that are locked, compared and ready to be moved. Exactly one of `commit` and `abort` is called. */
export interface PreparedRefs {
  /** The value of each changed reference before the change (zeros when absent), in the order of the changes. */
  readonly oldOids: readonly Oid[];
  /** Moves all references; when this returns the change is on disk (file and directory flushed). */
  commit(): Promise<void>;
  /** Releases the locks; nothing has changed. */
  abort(): Promise<void>;
}

export interface RefsFacet {
  head(view: RepositoryView): Promise<Head>;
  /** One reference by full name; undefined when it is absent or (symbolic) unborn. */
  read(view: RepositoryView, name: RefName): Promise<Reference | undefined>;
  /**
   * References whose names begin with one of the prefixes (all below `refs/` when there are none), sorted by name, in
   * batches. A broken reference (no object id in it) is left out.
   */
  list(view: RepositoryView, options: { prefixes: readonly string[]; peel: boolean }): AsyncIterable<Reference[]>;
  /**
   * A text that is another whenever HEAD or any reference has changed, whoever changed it, and costs much less than a listing.
   * Undefined when that cannot be told: then list. With `quick` also when it would take more than a few microseconds.
   */
  stamp(view: RepositoryView, options: { quick: boolean }): Promise<ByteString | undefined>;
  /**
   * Takes all locks (`NAME.lock`, as git does), compares `expectedOid`, checks name conflicts and that new objects exist.
   * Throws `references_locked`, `reference_mismatch` (also for a reference that should not exist: actual is then set),
   * `reference_name_conflict`, `reference_repeated`, `object_not_found`, `not_a_commit` (a branch must point at a commit).
   * Deleting a reference that does not exist succeeds. With `deref` false a symbolic reference itself is replaced.
   */
  prepare(view: RepositoryView, changes: readonly RefChange[], options: { deref: boolean }): Promise<PreparedRefs>;
  /** Points HEAD at a branch. */
  setHead(view: RepositoryView, target: RefName): Promise<void>;
}

/** What `git rev-list` would be asked for. */
export interface LogQuery {
  /** Revisions and ranges: `a`, `^a`, `a..b`, `a...b`, `--not`, `--all`, `--branches[=]`, `--tags[=]`, `--glob=`. */
  readonly revisions: readonly ByteString[];
  /** `default` is rev-list's own order: newest committer date first, no topology. */
  readonly order?: "default" | "topo" | "date";
  readonly firstParent?: boolean;
  readonly maxParents?: number;
  /** Only the named commits, sorted by date. */
  readonly noWalk?: boolean;
  /** Committer dates in seconds, both ends included. */
  readonly afterSeconds?: number;
  readonly beforeSeconds?: number;
  /** Regular expressions as `--author` and `--grep` take them; several patterns are alternatives. */
  readonly author?: ByteString;
  readonly messagePatterns?: readonly ByteString[];
  readonly ignoreCase?: boolean;
  /** Git's pathspecs: `literalPathspec` makes one of a path. */
  readonly paths?: readonly GitPath[];
  /** Follow the one file of `paths` over renames, as `git log --follow`. */
  readonly follow?: boolean;
  readonly reverse?: boolean;
  readonly skip?: number;
  readonly limit?: number;
  /** The reader may take his time: such walks have few places, so that they keep nobody else from running. */
  readonly followed?: boolean;
}

/** Which file is to be blamed, and which of its lines: from 1, both ends included; all when absent. */
export interface BlameQuery {
  readonly commit: Oid;
  readonly path: GitPath;
  readonly firstLine?: number;
  /** May be behind the end of the file. */
  readonly lastLine?: number;
  /** Tell each group of lines as soon as it is found, in no order, and neighbours apart. The reader may take his time. */
  readonly asFound?: boolean;
}

/** Neighbouring lines of a file that came with one commit, where they were neighbours as well. */
export interface BlamedLines {
  readonly commitOid: Oid;
  /** The first line in the file that was asked about, from 1. */
  readonly finalLine: number;
  /** The first line in the commit's file. */
  readonly originalLine: number;
  readonly lineCount: number;
  /** The file's path in that commit. */
  readonly originalPath: GitPath;
  /** Where the file was before that commit; absent for a file that came with it. */
  readonly previous?: { readonly commitOid: Oid; readonly path: GitPath };
}

export interface HistoryFacet {
  /** Commit ids in batches. Throws `revision_not_found` for an unknown revision. */
  log(view: RepositoryView, query: LogQuery): AsyncIterable<Oid[]>;
  /** Is the first commit an ancestor of the second, or the same? */
  isAncestor(view: RepositoryView, ancestor: Oid, descendant: Oid): Promise<boolean>;
  /** All best common ancestors, as `git merge-base --all`. */
  mergeBases(view: RepositoryView, a: Oid, b: Oid): Promise<Oid[]>;
  /** Those of the candidates that the tip reaches, as `--merged`. */
  reachable(view: RepositoryView, tip: Oid, candidates: readonly Oid[]): Promise<Oid[]>;
  /** Commits of `branch` that `upstream` lacks, oldest first, without merges and without patches that upstream has already. */
  unappliedCommits(view: RepositoryView, upstream: Oid, branch: Oid): Promise<Oid[]>;
  /** Where the repository's own history ends: commits that it has without their parents. None but in a shallow repository. */
  shallow(view: RepositoryView): Promise<Oid[]>;
  /**
   * Which commits the lines of a file came with, as `git blame` (without `-M`, `-C`; renames are followed), in batches in the order of
   * the file's lines; nothing for an empty file. Throws `path_not_found` for what is no file, `object_not_found`, `not_a_commit`,
   * `invalid_input` for a range that is none or begins behind the end.
   */
  blame(view: RepositoryView, query: BlameQuery): AsyncIterable<BlamedLines[]>;
}

export interface DiffSpec {
  /** Trees or commits. */
  readonly left: Oid;
  readonly right: Oid;
  readonly paths?: readonly GitPath[];
  /** Least similarity that makes a rename, percent; absent: no rename detection. */
  readonly renameThreshold?: number;
  readonly whitespace?: WhitespaceMode;
  readonly wordDiff?: boolean;
  /** Lines round a change; 3 when absent. */
  readonly contextLines?: number;
}

/** What `git diff-tree --stdin` is asked for: a commit against its parents (or given ones), or two trees. */
export type ChangedPathsRequest =
  | { readonly kind: "commit"; readonly commit: Oid; readonly parents?: readonly Oid[] }
  | { readonly kind: "trees"; readonly left: Oid; readonly right: Oid };

export interface ChangedPath extends DiffEntry {
  /** The commit that was asked about; empty for a pair of trees. */
  readonly commitOid: Oid | "";
}

export interface DiffFacet {
  /** Patches file by file, in raw order, as `git diff --patch --raw --full-index`. A type change is one entry here. */
  patches(view: RepositoryView, spec: DiffSpec): AsyncIterable<FilePatch>;
  /** The unmodified output of `git diff --full-index` (default rename detection, 50 %), in chunks. */
  raw(view: RepositoryView, left: Oid, right: Oid): AsyncIterable<Uint8Array>;
  /** `git diff --numstat` with default rename detection. */
  stats(view: RepositoryView, left: Oid, right: Oid): AsyncIterable<DiffStat[]>;
  /** Changed paths without renames, request by request. `all-parents` is `-c`: rows only for files that differ from every parent. */
  changedPaths(
    view: RepositoryView,
    requests: readonly ChangedPathsRequest[],
    merges: "include" | "all-parents",
  ): AsyncIterable<ChangedPath[]>;
}

/** A merged tree, or the paths that conflict (sorted, each once). */
export type MergeResult =
  | { readonly clean: true; readonly tree: Oid }
  | { readonly clean: false; readonly conflictingPaths: readonly GitPath[] };

export interface MergeFacet {
  /** Three-way merge of trees or commits' trees with a given base (the empty tree when absent), by git's ort rules. */
  mergeTrees(view: QuarantinedView, base: Oid | undefined, ours: Oid, theirs: Oid): Promise<MergeResult>;
  /** Merges two commits with their own merge bases, by git's ort rules; unrelated histories are allowed. */
  mergeCommits(view: QuarantinedView, ours: Oid, theirs: Oid): Promise<MergeResult>;
}

/** Free space in the pieces of a pack, for the headers of a protocol: so many bytes before every so many of the pack. */
export interface PackRoom {
  readonly every: number;
  readonly bytes: number;
}

/** What `git pack-objects --revs` is asked for. */
export interface PackRequest {
  readonly wants: readonly Oid[];
  /** What the client has; the pack leaves out what these reach. */
  readonly haves: readonly Oid[];
  /** Commits that the client has, or is about to have, without their parents. */
  readonly shallow?: readonly Oid[];
  /** A filter as `--filter` takes it: `blob:none`, `blob:limit=1k`, `tree:0`, `object:type=commit`. */
  readonly filter?: ByteString;
  /** Deltas may have bases that the client has. */
  readonly thin: boolean;
  readonly ofsDelta: boolean;
  /** Annotated tags whose targets are in the pack come with it. */
  readonly includeTag: boolean;
  /** The pieces of the pack come with free space, each begins with some; absent: without. */
  readonly room?: PackRoom;
  /** Pieces are lent: each is good until the next is asked for. Absent: they may be kept. */
  readonly lent?: boolean;
}

/** How the pieces of a pack are handed over. */
export type PieceForm = Pick<PackRequest, "room" | "lent">;

/** A piece of a pack, or of what git says about its progress. Who asked may write into it. */
export interface PackOutput {
  readonly kind: "pack" | "progress";
  readonly bytes: Uint8Array;
}

export interface ReceiveOptions {
  /** The longest pack that is taken. Throws `too_large`. */
  readonly bytesMax: number;
  /** Commits that the client has without their parents: their parents may be missing. */
  readonly shallow?: readonly Oid[];
  /** Refuse also what `fsck` reports and servers usually let pass: badTimezone, missingSpaceBeforeDate, zeroPaddedFilemode. */
  readonly refuseLegacyFaults: boolean;
  /** Lines of progress, as git writes them. */
  readonly onProgress?: (bytes: Uint8Array) => void;
}

/** What an archive is of. */
export interface ArchiveRequest {
  readonly format: "tar" | "tar.gz" | "zip";
  /** Put before every path; a folder ends with a slash. */
  readonly prefix: GitPath;
  /** Taken literally, files and folders; all when absent. */
  readonly paths?: readonly GitPath[];
}

/** Packs: what travels between repositories. */
export interface PackFacet {
  /** A pack as a stream. Throws `git_failed`, `objects_missing`. */
  create(view: RepositoryView, request: PackRequest): AsyncIterable<PackOutput>;
  /**
   * The same into an open file, from its beginning. Yields what git says about its progress; the pack is whole when the stream has
   * ended without an error.
   */
  createInto(view: RepositoryView, request: PackRequest, descriptor: number): AsyncIterable<Uint8Array>;
  /**
   * Reads a pack, completes a thin one, checks every object as `git fsck --strict` does, and puts it into the quarantine. Stops at the
   * pack's end, without waiting for the stream's: the client may be waiting for an answer. Throws as soon as it is clear that nothing
   * will come of it, also before the pack's end: `pack_invalid` (also when bases of a thin pack are missing: git does not say
   * which), `objects_invalid`, `objects_missing` (what the objects themselves point at), `too_large`, `disk_full`.
   */
  receive(view: QuarantinedView, pack: AsyncIterable<Uint8Array>, options: ReceiveOptions): Promise<void>;
  /**
   * Is all there that the tips reach, as `git rev-list --objects --stdin --not --all` finds out? Gives those tips that lack something.
   * `near` names references that the tips probably descend from, such as those that they shall be; it only makes the answer faster.
   */
  unconnected(
    view: RepositoryView,
    tips: readonly Oid[],
    shallow?: readonly Oid[],
    near?: readonly RefName[],
  ): Promise<Oid[]>;
  /** An archive of a tree or commit, as `git archive` makes it. */
  archive(view: RepositoryView, treeish: Oid, request: ArchiveRequest): AsyncIterable<Uint8Array>;
  /** What `git upload-archive` answers to these arguments (git-upload-archive(1)): an archive in a side band. */
  uploadArchive(view: RepositoryView, args: readonly ByteString[]): AsyncIterable<Uint8Array>;
}

/** The facets of a backend; the router chooses an implementation for each. */
export interface GitBackend {
  readonly name: string;
  readonly objects: ObjectsFacet;
  readonly quarantine: QuarantineFacet;
  readonly refs: RefsFacet;
  readonly history: HistoryFacet;
  readonly diff: DiffFacet;
  readonly merge: MergeFacet;
  readonly maintenance: MaintenanceFacet;
  readonly pack: PackFacet;
  /** Repositories on other servers. */
  readonly remote: RemoteFacet;
  /** The files and the index of sessions. */
  readonly worktree: WorktreeFacet;
  /**
   * What the backend does itself: "facet.method" names. A method that is missing here, or that throws `unsupported` for this
   * input, is done by the fallback.
   */
  readonly supports: ReadonlySet<string>;
  /** Lets go of what is kept of a repository that is being removed or renamed: open files, warm processes. */
  forget(gitDir: string): void;
  /** Releases handles and child processes. */
  close(): Promise<void>;
}
