import type { ByteString } from "../domain/bytes.ts";
import type { QuarantinedView, RepositoryView } from "./backend.ts";

/** Lines of a maintenance run, as they come. */
export interface MaintenanceFacet {
  /** `git gc`: repacks, writes the commit-graph, prunes what is unreachable and old. */
  collectGarbage(view: RepositoryView): AsyncIterable<string>;
  /** `git fsck --strict`; yields its lines, those of its progress where they are asked for, and ends with the exit code. */
  check(view: RepositoryView, options?: { readonly progress?: boolean }): AsyncIterable<string>;
  /**
   * Copies all objects that the references of another repository on disk reach into the quarantine; yields git's lines of
   * progress. The references follow through the ref door (operation importRepository).
   */
  importFrom(view: QuarantinedView, sourceDir: string): AsyncIterable<string>;
  /** What the repository's configuration file says, in its order; keys in lower case but for subsections. */
  readConfig(view: RepositoryView): Promise<readonly ConfigEntry[]>;
  /** Sets a key to one value, durably, or takes it out where that is undefined. Throws `repository_locked` while another writes. */
  writeConfig(view: RepositoryView, key: string, value: string | undefined): Promise<void>;
}

/** A line of a configuration file. */
export interface ConfigEntry {
  readonly key: ByteString;
  readonly value: ByteString;
}
