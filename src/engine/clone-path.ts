import type { RepositoryRef } from "../contract/repository-ref.ts";
import { relativePathsOfClonePath } from "../domain/clone-path.ts";
import { hasReason, OperationError } from "../domain/errors.ts";

/** The storage whose repositories have clone addresses. */
const CLONE_STORAGE = "default";

/** Places of a repository that a clone address names: the usual one, and the one without `.git`. Throws `repository_not_found`. */
function placesOf(path: string): { usual: RepositoryRef; plain: RepositoryRef } {
  const paths = relativePathsOfClonePath(path);
  if (paths === undefined) throw new OperationError("repository_not_found", { repository: path });
  const at = (relativePath: string): RepositoryRef => ({ storage: CLONE_STORAGE, relativePath });
  return { usual: at(paths.usual), plain: at(paths.plain) };
}

/**
 * Runs an operation that works on an existing repository, named by a clone address such as `/alice/myrepo`. It is run again, in the
 * other place, only where the engine has refused the first: before anything of the client has been read.
 */
export async function* atClonePath<T>(
  path: string,
  run: (repository: RepositoryRef) => AsyncIterable<T>,
): AsyncGenerator<T> {
  const { usual, plain } = placesOf(path);
  try {
    yield* run(usual);
  } catch (error) {
    if (!hasReason(error, "repository_not_found")) throw error;
    yield* run(plain);
  }
}

/**
 * Where a push to a clone address goes: to the repository that is there, and where there is none to `<name>.git`, so that it can be
 * made. `exists` may throw OperationErrors: what may not be seen is not there.
 */
export async function pushTarget(
  path: string,
  exists: (repository: RepositoryRef) => Promise<boolean>,
): Promise<RepositoryRef> {
  const { usual, plain } = placesOf(path);
  const isThere = async (repository: RepositoryRef) => {
    try {
      return await exists(repository);
    } catch (error) {
      if (error instanceof OperationError) return false;
      throw error;
    }
  };
  return (await isThere(plain)) && !(await isThere(usual)) ? plain : usual;
}
