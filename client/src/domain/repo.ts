/** Names a repository to the server. */
export interface GitRepo {
  /** The server's storage; a Holdfast of one disk has `default`. */
  readonly storage: string;
  /** Where it lies in the storage: `alice/catalog.git`. */
  readonly relativePath: string;
  /** What the application calls it; servers that insist on one get the relative path when it is left out. */
  readonly glRepository?: string;
}
