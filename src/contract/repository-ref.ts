/** Names a repository: a storage of this server and a path below it. */
export interface RepositoryRef {
  readonly storage: string;
  /** Path below the storage, such as `alice/myrepo.git`, as the caller wrote it. */
  readonly relativePath: string;
}
