import { randomBytes } from "node:crypto";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { LocatedRepository, RepositoryPlace } from "./repository-locator.ts";
import { makeParents, makeRepositoryFiles, type NewRepository, refuseOccupied } from "./create-repository.ts";
import { flushParents } from "./flush.ts";

/**
 * A repository that is being filled where nobody sees it, and then comes to its place as a whole. What a crash leaves of it goes at
 * the next start, with all that is half made.
 */
export class StagedRepository {
  /** Where it will be. */
  readonly place: RepositoryPlace;
  /** As it is now: its name and lock are those of its place, its files are elsewhere. */
  readonly located: LocatedRepository;
  #published = false;

  private constructor(place: RepositoryPlace, located: LocatedRepository) {
    this.place = place;
    this.located = located;
  }

  /** Makes an empty one. Throws `repository_exists` when anything at all is in its place, `invalid_input` when nothing can be. */
  static async make(place: RepositoryPlace, options: NewRepository): Promise<StagedRepository> {
    refuseOccupied(place);
    const gitDir = join(place.storage.temporaryDir, randomBytes(12).toString("hex"));
    const staged = new StagedRepository(place, { ...place, gitDir, objectFormat: options.objectFormat });
    try {
      await makeRepositoryFiles(gitDir, options);
    } catch (error) {
      await staged.discard();
      throw error;
    }
    return staged;
  }

  get isPublished(): boolean {
    return this.#published;
  }

  /** Throws `repository_exists` when something has come to its place meanwhile. */
  refuseOccupied(): void {
    refuseOccupied(this.place);
  }

  /** Brings it to its place, durably. Call it while holding the exclusive lock of the place. */
  async publish(): Promise<void> {
    if (this.#published) return;
    const madeParents = await makeParents(this.place);
    refuseOccupied(this.place);
    await rename(this.located.gitDir, this.place.gitDir);
    this.#published = true;
    await flushParents(this.place.gitDir, ...madeParents);
  }

  /** Takes away what has not been published. */
  async discard(): Promise<void> {
    if (!this.#published) await rm(this.located.gitDir, { recursive: true, force: true });
  }
}
