import type { RepositoryRef } from "../contract/repository-ref.ts";
import { relativePathsOfClonePath } from "../domain/clone-path.ts";
import { hasReason, OperationError } from "../domain/errors.ts";
import { problemOfRepositoryName } from "../domain/repository-name.ts";

/** The storage whose repositories have clone addresses. */
const CLONE_STORAGE = "default";

/**
 * Places of a repository that a clone address names: the usual one, and the one without `.git`. Throws `invalid_input` for names that
 * people may not give to repositories: what lies there is the business of clients of the Gitaly protocol.
 */
function placesOf(path: string): { usual: RepositoryRef; plain: RepositoryRef } {
  const paths = relativePathsOfClonePath(path);
  const problem = paths === undefined ? "is no name" : problemOfRepositoryName(paths.plain);
  if (paths === undefined || problem !== undefined)
    throw new OperationError("invalid_input", { field: "repository", problem: problem ?? "is no name" });
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
