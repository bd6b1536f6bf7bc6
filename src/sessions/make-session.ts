import type { WorktreeView } from "../backend/worktree-facet.ts";
import type { OpenRepository } from "../contract/context.ts";
import type { RepositoryRef } from "../contract/repository-ref.ts";
import type { NewSession, SessionInfo } from "../contract/sessions.ts";
import { OperationError } from "../domain/errors.ts";
import { type Oid, zeroOid } from "../domain/oid.ts";
import { beginningOf } from "./session-beginning.ts";
import type { SessionServices } from "./session-service.ts";
import { moveHead } from "./working-session.ts";

/** Whose a new session is, and of what. */
export interface SessionPlace {
  readonly owner: string;
  /** The one spelling of the repository's path. */
  readonly repository: RepositoryRef;
  readonly isDefault: boolean;
  readonly signal: AbortSignal;
}

/** A session that has just been made, and the commit that it begins at. */
export interface MadeSession {
  readonly info: SessionInfo;
  readonly view: WorktreeView;
  readonly start: Oid | undefined;
}

/**
 * Makes a session on disk, and then its row, so that nothing finds it before it is whole. Undefined where the owner has a default session already.
 * Throws `limit_exceeded` and the reasons of `beginningOf`.
 */
export async function makeSession(
  { store, directories, indexes, checkouts, clock, settings }: SessionServices,
  repository: OpenRepository,
  session: NewSession,
  place: SessionPlace,
): Promise<MadeSession | undefined> {
  await refuseTooMany({ store, settings }, place.owner);
  const id = directories.newId();
  const { branch, baseOid, start } = await beginningOf(repository, session, id);
  const { git, objectFormat } = repository;
  const zero = zeroOid(objectFormat);
  const createdAtMs = clock.nowMs();
  const isLazy = session.checkout === "lazy";
  const info: SessionInfo = {
    id,
    repository: place.repository,
    owner: place.owner,
    isDefault: place.isDefault,
    branch,
    baseOid,
    headOid: zero,
    isLazy,
    pushes: session.pushes,
    isGone: false,
    createdAtMs,
    expiresAtMs: createdAtMs + settings.leaseMs,
  };
  const view = directories.view(id, objectFormat, place.signal);
  try {
    await directories.make(id, { objectFormat, objectsDir: `${repository.view.gitDir}/objects`, branch, isLazy });
    if (start !== undefined) {
      await moveHead(git, view, branch, start, zero);
      const fill = () => git.worktree.checkout(view, start, session.checkout);
      await (isLazy ? indexes.fill(view, start, fill) : fill());
      if (!isLazy) await checkouts.filled(id, view);
    }
    if (await store.create(info)) {
      checkouts.settleLater(id, view, git);
      return { info, view, start };
    }
  } catch (error) {
    await removed();
    throw error;
  }
  await removed();
  return undefined;

  async function removed(): Promise<void> {
    checkouts.forget(id);
    await directories.remove(id);
    // Files that were opened meanwhile, of a folder that nobody will ask for again.
    git.forget(view.gitDir);
  }
}

async function refuseTooMany(
  { store, settings }: Pick<SessionServices, "store" | "settings">,
  owner: string,
): Promise<void> {
  const { owned, all } = await store.counts(owner);
  const over = (limit: string, maximum: number) =>
    new OperationError("limit_exceeded", { limit, maximum, retryAfterMs: 0 });
  if (owned >= settings.perOwnerMax) throw over("sessions of one owner", settings.perOwnerMax);
  if (all >= settings.allMax) throw over("sessions of the server", settings.allMax);
}
