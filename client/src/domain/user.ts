/** Who makes a change: committer, author unless another is named, and what hooks and events are told. */
export interface GitUser {
  /** The application's id of this user, as hooks see it: `user-42`. */
  readonly glId: string;
  readonly name: string;
  readonly email: string;
  /** The account on the server, for its protection rules. */
  readonly glUsername?: string;
  /** IANA name, for example `Asia/Tokyo`; UTC without. */
  readonly timezone?: string;
}

/** Another author than the user who commits. */
export interface AuthorOverride {
  readonly name: string;
  readonly email: string;
}
