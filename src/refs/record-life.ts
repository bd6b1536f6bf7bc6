import { toByteString } from "../domain/bytes.ts";
import type { Caller } from "../contract/principal.ts";
import type { Journal } from "../events/journal.ts";
import type { ChangeFacts, EventRepository } from "../events/journal-record.ts";
import { lstatIfThere } from "../storage/file-stamp.ts";
import type { LifeStep, RecordLife } from "../storage/repositories.ts";
import type { RepositoryPlace } from "../storage/repository-locator.ts";

/** Takes down, before and after, how repositories come, go and are renamed on behalf of a caller. */
export function recordLife(journal: Journal, caller: Caller): RecordLife {
  return async (step, happen) => {
    const { event, flushed } = journal.prepare(factsOfLife(step, caller));
    try {
      await flushed;
      await happen();
    } catch (error) {
      // It may have failed behind the one rename that makes it true.
      journal[hasHappened(step) ? "done" : "dropped"](event);
      throw error;
    }
    journal.done(event);
  };
}

/** Who is behind a change, as the journal says it. */
export function originOf({
  principal,
  actor,
  door,
  requestId,
}: Caller): Pick<ChangeFacts, "by" | "actor" | "door" | "requestId"> {
  const named = actor && { actor: { ...actor, name: toByteString(actor.name), email: toByteString(actor.email) } };
  return { ...named, by: principal.name, door, requestId };
}

function factsOfLife(step: LifeStep, caller: Caller): ChangeFacts {
  const repository = repositoryOf(step.place);
  const life = step.kind === "renamed" ? { kind: step.kind, from: repositoryOf(step.from) } : { kind: step.kind };
  return { repository, changes: [], life, ...originOf(caller) };
}

function hasHappened({ kind, place }: LifeStep): boolean {
  const isThere = lstatIfThere(place.gitDir) !== undefined;
  return kind === "deleted" ? !isThere : isThere;
}

const repositoryOf = ({ storage, relativePath }: RepositoryPlace): EventRepository => ({
  storage: storage.name,
  relativePath,
});
