/** Who wrote something down, and when; seconds are Git's resolution. */
export interface GitAuthor {
  readonly name: string;
  readonly email: string;
  readonly date: Date;
}

/** A commit. */
export interface GitCommit {
  readonly id: string;
  /** The first line of the message. */
  readonly subject: string;
  /** The whole message, its subject included, as it stands; servers cut long ones. */
  readonly body: string;
  /** The server has cut the message: `body` is its beginning. */
  readonly bodyTruncated: boolean;
  readonly author: GitAuthor;
  readonly committer: GitAuthor;
  readonly parentIds: readonly string[];
  readonly treeId: string;
}
