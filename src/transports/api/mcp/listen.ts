import type { ServerEvent, ServerEventBus } from "@modelcontextprotocol/server";
import type { DeliveredEvent } from "../../../contract/events.ts";
import type { Caller } from "../../../contract/principal.ts";
import { OperationError } from "../../../domain/errors.ts";
import type { Engine } from "../../../engine/engine.ts";
import { watchEvents } from "../../../operations/index.ts";
import { repositoryNamed } from "../derived/repository-field.ts";
import { type Followed, followed, isAbout } from "./followed.ts";

/** Resources that one stream may follow. */
const RESOURCES_MAX = 100;

/** The resources that a `subscriptions/listen` message names. Throws `invalid_input` for one that is none, and `limit_exceeded`. */
export function followedBy(message: unknown): readonly Followed[] {
  const { params } = message as { readonly params?: { readonly notifications?: Record<string, unknown> } };
  const uris = params?.notifications?.["resourceSubscriptions"];
  if (!Array.isArray(uris)) return [];
  if (uris.length > RESOURCES_MAX)
    throw new OperationError("limit_exceeded", {
      limit: "resources of one subscription",
      maximum: RESOURCES_MAX,
      retryAfterMs: 0,
    });
  return [...new Set(uris)].map((uri) => followed(String(uri)));
}

/** What a stream is told of. */
export interface Updates extends ServerEventBus {
  /**
   * Tells of what happens until the caller's signal fires. `published` is awaited behind each event, so that a client that reads slowly
   * holds back the events. Rejects where the caller may not read any more.
   */
  follow(published: () => Promise<void> | undefined): Promise<void>;
}

/**
 * Begins to follow resources. Rejects with `repository_not_found` for what the caller may not read, before anything is told.
 */
export async function updatesOf(resources: readonly Followed[], engine: Engine, caller: Caller): Promise<Updates> {
  const listeners = new Set<(event: ServerEvent) => void>();
  const names = [...new Set(resources.map(({ repo }) => repo))];
  const repositories = names.map((name) => repositoryNamed(name, "uri", engine));
  const events =
    repositories.length === 0
      ? undefined
      : (engine.run(watchEvents, { repositories }, caller) as AsyncIterable<DeliveredEvent>)[Symbol.asyncIterator]();
  // What is wrong shows before the stream begins.
  await events?.next();
  const publish = (event: ServerEvent) => {
    for (const listener of listeners) listener(event);
  };
  return {
    publish,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async follow(published) {
      if (events === undefined) return;
      try {
        for (let next = await events.next(); next.done !== true; next = await events.next()) {
          const moved = resources.filter((each) => isAbout(next.value as DeliveredEvent, each));
          for (const { uri } of moved) publish({ kind: "resource_updated", uri });
          if (moved.length > 0) await published();
        }
      } finally {
        await events.return?.();
      }
    },
  };
}
