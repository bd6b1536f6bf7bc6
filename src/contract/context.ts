import type { GitBackend, QuarantinedView, RepositoryView } from "../backend/backend.ts";
import type { ByteString } from "../domain/bytes.ts";
import type { OperationError } from "../domain/errors.ts";
import type { CloneDoors } from "../domain/clone-addresses.ts";
import type { ObjectFormat, Oid } from "../domain/oid.ts";
import type { RefChange, RefName } from "../domain/reference.ts";
import type { Clones } from "./clones.ts";
import type { Events } from "./events.ts";
import type { Identity } from "./identity.ts";
import type { Caller } from "./principal.ts";
import type { Mirrors } from "./mirrors.ts";
import type { Remotes } from "./remotes.ts";
import type { RepositoryRef } from "./repository-ref.ts";
import type { Sessions } from "./sessions.ts";
import type { Signing } from "./signing.ts";
import type { Webhooks } from "./webhooks.ts";

/** Time as a value that tests can replace. */
export interface Clock {
  /** Milliseconds since 1970. */
  nowMs(): number;
  /** Milliseconds from an arbitrary start, never going back. */
  monotonicMs(): number;
}

/** A proposal to change references: all or none, unless `partial`. */
export interface RefProposal {
  readonly changes: readonly RefChange[];
  /** New objects that the change brings; migrated before the references move. */
  readonly quarantine?: Quarantine;
  /** `receive`: policy and hooks on disk see the change as they see a push. `none`: only reference-transaction does. */
  readonly hooks: "receive" | "none";
  /** HEAD moves with them, from the branch that it names: all of it happens, or nothing. Whole proposals only, of a repository that is in its place. */
  readonly head?: { readonly from: RefName; readonly to: RefName };
  /** It is a push itself: what the repository's configuration says of those has been asked, and is told in git's own words. */
  readonly isPush?: boolean;
  /** Follow symbolic references (default) or replace them. */
  readonly deref?: boolean;
  /** What the client of a push said to hooks. */
  readonly pushOptions?: readonly ByteString[];
  /** Each reference moves or is refused on its own: what may not move is told in the answer's `refused`, and the others move. */
  readonly partial?: boolean;
  /** Told what receive hooks say on either stream, as it comes; bounded by the longest output of a hook. */
  readonly onHookOutput?: (output: Uint8Array) => void;
}

/** A place for new objects that nobody sees until the ref door migrates it. Discarded when the operation ends. */
export interface Quarantine {
  /** Reads see the repository and the new objects; writes go to the quarantine. */
  readonly view: QuarantinedView;
}

/** A repository that an operation works on; pinned until the operation ends. */
export interface OpenRepository {
  readonly ref: RepositoryRef;
  readonly objectFormat: ObjectFormat;
  readonly view: RepositoryView;
  readonly git: GitBackend;
  /**
   * Runs while the shared side of the repository's lock is held: references read inside belong to one state. Never wait for a
   * client inside.
   */
  consistently<T>(read: () => Promise<T>): Promise<T>;
  /** Another repository of this server, to read from; pinned like this one. */
  open(ref: RepositoryRef): Promise<OpenRepository>;
  /** Opens a quarantine for this operation. */
  quarantine(): Promise<Quarantine>;
  /** Reads what the repository's configuration says about pushes. */
  receiveConfig(): Promise<ReceiveConfig>;
  /**
   * The ref door: the only way to change references. Durable when it returns. Throws the reasons of `RefsFacet.prepare` and
   * `hook_rejected`.
   */
  updateRefs(proposal: RefProposal): Promise<RefUpdate>;
  /** Points HEAD at a branch, durably, through the door. */
  setHead(target: RefName): Promise<void>;
}

/** What the ref door did. */
export interface RefUpdate {
  /** Old values, in the order of the changes that were not refused; zeros for what did not exist. */
  readonly oldOids: readonly Oid[];
  /** References that did not move, and why; only where the proposal was `partial`. */
  readonly refused?: ReadonlyMap<RefName, OperationError>;
  /** Sequence number of the change in the server's journal; absent when nothing changed. */
  readonly sequence?: bigint;
}

/** Repositories as things to make, find and remove. */
export interface Repositories {
  /** Names and health of the configured storages. */
  storages(): Promise<readonly StorageStatus[]>;
  /** Is there a valid repository? Bad names throw. */
  exists(ref: RepositoryRef): Promise<boolean>;
  create(ref: RepositoryRef, options: CreateOptions): Promise<void>;
  remove(ref: RepositoryRef, signal: AbortSignal): Promise<void>;
  rename(ref: RepositoryRef, target: RepositoryRef, signal: AbortSignal): Promise<void>;
  /** Relative paths of all repositories of a storage, sorted, in batches. */
  list(storage: string): AsyncIterable<string[]>;
}

export interface CreateOptions {
  /** Short name of the branch that HEAD shall name; `main` when absent. */
  readonly defaultBranch?: ByteString;
  readonly objectFormat: ObjectFormat;
  /** Whether only its owner, collaborators and administrators shall see it; of a staged repository. */
  readonly private?: boolean;
}

export interface StorageStatus {
  readonly name: string;
  readonly readable: boolean;
  readonly writeable: boolean;
  /** Type of the file system, such as `ext4`; empty when unknown. */
  readonly fsType: string;
  /** Identifier that stays with the storage. */
  readonly filesystemId: string;
}

/** The git backends as an administrator sees and switches them. */
export interface BackendControl {
  current(): string;
  available(): readonly string[];
  /** Counters of calls by backend, for `backend show`. */
  counters(): Readonly<Record<string, number>>;
  /** Sends new calls to another backend; calls in flight finish where they began. Throws `invalid_input` for an unknown name. */
  switchTo(name: string): void;
}

/** Limits that operations apply themselves; the engine applies the others. */
export interface OperationLimits {
  readonly pushBytesMax: number;
  readonly blobBytesMax: number;
  readonly answerBytesMax: number;
}

/** What pushes may do, by the server's settings. */
export interface PushSettings {
  /** A push to a repository that does not exist makes it. */
  readonly createRepositories: boolean;
  /** The branch that HEAD names may be deleted. */
  readonly allowDefaultBranchDelete: boolean;
  /** Objects with old and common faults are refused as well: badTimezone, missingSpaceBeforeDate, zeroPaddedFilemode. */
  readonly refuseLegacyFaults: boolean;
}

/** What the repository's own configuration says about pushes (git-config(1), `receive.*`). */
export interface ReceiveConfig {
  readonly denyNonFastForwards: boolean;
  readonly denyDeletes: boolean;
  readonly denyDeleteCurrent: boolean;
}

/** Facts about the running server. */
export interface ServerFacts {
  readonly version: string;
  gitVersion(): Promise<string>;
  /** Where repositories of the storage `default` can be cloned from; empty until the doors are open. */
  cloneDoors(): CloneDoors;
}

/** A repository that an operation has for a while. */
export interface BorrowedRepository {
  readonly repository: OpenRepository;
  /** Gives it back; further calls do nothing. */
  release(): Promise<void>;
}

/** Everything that an operation may use: all that is not domain arrives through here. */
export interface Context {
  readonly caller: Caller;
  /** Fires on cancellation and when the deadline passes. */
  readonly signal: AbortSignal;
  /** What was asked for has happened: a client that goes away from now on has missed only the answer, and the log says so. */
  settled(): void;
  readonly clock: Clock;
  readonly limits: OperationLimits;
  readonly pushes: PushSettings;
  /** The repository of the input; only for operations whose target is `repository`. */
  readonly repository: OpenRepository;
  /**
   * Opens and pins a repository until the operation ends: for operations whose target is `path`, once they know that it is
   * there. Throws `repository_not_found` for what the caller may not read.
   */
  open(ref: RepositoryRef): Promise<OpenRepository>;
  /**
   * Opens and pins a repository until it is given back: for what looks at it now and then, and keeps nobody from removing it meanwhile.
   * Throws as `open`.
   */
  borrow(ref: RepositoryRef): Promise<BorrowedRepository>;
  /** The work of an operation that is watched is done: it waits from now on, and gives its place among those that run to others. */
  idle(): void;
  /**
   * For what only shows while the operation runs to be an administrator's business. Throws `forbidden` for callers who are none of the
   * repository of the input.
   */
  requireAdmin(): Promise<void>;
  /** For repositories that an input names besides its own. Throws `repository_not_found` for what the caller may not read. */
  requireReading(ref: RepositoryRef): Promise<void>;
  /**
   * Makes an empty repository that nobody else sees. Its first change of references puts it in its place, at the same moment;
   * without one nothing of it is left. Throws `repository_exists`, and so does that change when somebody else was faster.
   */
  stage(ref: RepositoryRef, options: CreateOptions): Promise<OpenRepository>;
  readonly repositories: Repositories;
  readonly events: Events;
  readonly webhooks: Webhooks;
  /** The way to other servers. */
  readonly remotes: Remotes;
  readonly clones: Clones;
  readonly mirrors: Mirrors;
  /** Worktree sessions, on behalf of the caller. */
  readonly sessions: Sessions;
  /** Signatures of commits. */
  readonly signing: Signing;
  /** Users, and what belongs to them. */
  readonly identity: Identity;
  readonly backends: BackendControl;
  readonly server: ServerFacts;
}
