import type { DeliveredEvent } from "../../../contract/events.ts";
import { watchEvents, watchRepository } from "../../../operations/index.ts";
import { repositoryNamed } from "../derived/repository-field.ts";
import type { GraphqlContext } from "./graphql-context.ts";
import type { GraphqlBuilder } from "./schema-builder.ts";

/** How far the client of a subscription has been told. */
export interface SubscriptionPosition {
  /** What the client says that it was told last, where it comes back; goes before the query's own `since`. */
  readonly since: string | undefined;
  /** The number of the event that is told next, or was told last. */
  eventId: string | undefined;
}

type Data = Readonly<Record<string, unknown>>;

/** Adds what can be subscribed to: events, as one type with the facts that most of them have, and all of them as JSON. */
export function addSubscriptions(builder: GraphqlBuilder): void {
  const commit = builder.objectRef<Data>("PushedCommit").implement({
    description: "A commit that a push has brought",
    fields: (t) => ({
      id: t.id({ nullable: false, resolve: ({ id }) => String(id) }),
      message: t.string({
        description: "Cut when it is long",
        nullable: false,
        resolve: (of) => textOf(of, "message")!,
      }),
      timestamp: t.field({ type: "DateTime", resolve: (of) => textOf(of, "timestamp") }),
      authorName: t.string({ resolve: ({ author }) => textOf(author as Data, "name") }),
      authorEmail: t.string({ resolve: ({ author }) => textOf(author as Data, "email") }),
    }),
  });
  const event = builder.objectRef<DeliveredEvent>("Event").implement({
    description: "Something that happened; what an event has no fact of is null",
    fields: (t) => {
      const fact = (name: string, description: string) =>
        t.string({ description, resolve: ({ data }) => textOf(data, name) });
      return {
        eventId: t.id({ description: "Its number, which grows", nullable: false, resolve: (of) => of.event_id }),
        event: t.string({
          description:
            "What happened: push, branch_created, …; events_expired where older events are not kept any more",
          nullable: false,
          resolve: (of) => of.event,
        }),
        timestamp: t.field({ type: "DateTime", nullable: false, resolve: (of) => of.timestamp }),
        data: t.field({ description: "All its facts", type: "JSON", nullable: false, resolve: (of) => of.data }),
        repo: fact("repo", "Full name of the repository"),
        oldRepo: fact("old_repo", "Its full name before it was renamed"),
        ref: fact("ref", "Full name of the reference"),
        branch: fact("branch", "Name of a branch that came or went"),
        tag: fact("tag", "Name of a tag that came or went"),
        old: fact("old", "What the reference pointed to"),
        new: fact("new", "What it points to; zeros for nothing"),
        actor: fact("actor", "Who did it"),
        door: fact("door", "How it came: http, ssh, gitaly, …"),
        commits: t.field({
          description: "The newest of the new commits of a push, oldest first",
          type: [commit],
          resolve: ({ data }) => (Array.isArray(data["commits"]) ? (data["commits"] as Data[]) : null),
        }),
        commitCount: t.int({
          resolve: ({ data }) => (typeof data["commit_count"] === "number" ? data["commit_count"] : null),
        }),
        forced: t.boolean({ resolve: ({ data }) => (typeof data["forced"] === "boolean" ? data["forced"] : null) }),
      };
    },
  });
  const since = "The number of the event to go on behind; with what happens from now on when absent";
  const events = "Only events of these names";
  builder.subscriptionType({
    description: "What is told as it happens, over server-sent events at /graphql/subscribe",
    fields: (t) => ({
      repositoryEvents: t.field({
        description: "What happens in one repository, for as long as the caller may read it",
        type: event,
        nullable: false,
        args: {
          repo: t.arg.id({ required: true }),
          since: t.arg.string({ description: since }),
          events: t.arg.stringList({ description: events }),
        },
        subscribe: (_root, { repo, ...args }, context) => {
          const { engine, caller } = context;
          const input = { repository: repositoryNamed(repo, "repo", engine), ...selectionOf(args, context) };
          return begun(engine.run(watchRepository, input, caller), context);
        },
        resolve: (told) => told as DeliveredEvent,
      }),
      events: t.field({
        description: "What happens in several repositories, or in all that the caller may read",
        type: event,
        nullable: false,
        args: {
          repos: t.arg.idList({ description: "Only in these" }),
          since: t.arg.string({ description: since }),
          events: t.arg.stringList({ description: events }),
          admin: t.arg.boolean({ description: "What administration changes as well; for administrators" }),
        },
        subscribe: (_root, { repos, admin, ...args }, context) => {
          const { engine, caller } = context;
          const input = {
            ...selectionOf(args, context),
            ...(repos && { repositories: repos.map((repo) => repositoryNamed(repo, "repos", engine)) }),
            ...(admin && { admin }),
          };
          return begun(engine.run(watchEvents, input, caller), context);
        },
        resolve: (told) => told as DeliveredEvent,
      }),
    }),
  });
}

function selectionOf(
  {
    since,
    events,
  }: { readonly since?: string | null | undefined; readonly events?: readonly string[] | null | undefined },
  { position }: GraphqlContext,
): { since?: string; events?: string[] } {
  const from = position?.since ?? since ?? undefined;
  return { ...(from !== undefined && { since: from }), ...(events && { events: [...events] }) };
}

/** Events behind the one with which a stream begins. What is wrong with the question shows here, before anything is told. */
async function begun(
  watched: AsyncIterable<DeliveredEvent>,
  { position }: GraphqlContext,
): Promise<AsyncIterable<DeliveredEvent>> {
  const events = watched[Symbol.asyncIterator]();
  const first = await events.next();
  if (position !== undefined && first.done !== true) position.eventId = first.value.event_id;
  return (async function* () {
    try {
      for (let next = await events.next(); next.done !== true; next = await events.next()) {
        if (position !== undefined) position.eventId = next.value.event_id;
        yield next.value;
      }
    } finally {
      await events.return?.();
    }
  })();
}

const textOf = (data: Data, name: string): string | null => (typeof data[name] === "string" ? data[name] : null);
