import { Maybe, RepositoryField, type Static, Type } from "../../contract/fields.ts";
import type { MirrorRecord, Mirrors } from "../../contract/mirrors.ts";

const NAME_LENGTH_MAX = 64;

export const NameField = Type.String({
  pattern: "^[A-Za-z0-9][A-Za-z0-9._-]*$",
  maxLength: NAME_LENGTH_MAX,
  description: "Name of the mirror within the repository, such as origin",
});

export const DirectionField = Type.Union([Type.Literal("pull"), Type.Literal("push")], {
  description:
    "pull: branches, tags and notes become what they are there, time after time; push: those there, whenever they have changed here",
});

/** What a mirror of a repository is named by. */
export const MirrorInput = Type.Object(
  { repository: RepositoryField, name: NameField },
  { additionalProperties: false },
);

const Time = (description: string) => Type.String({ description: `RFC 3339, UTC; ${description}` });

/** A mirror as it is shown: never with its credential. */
export const MirrorItem = Type.Object(
  {
    name: Type.String(),
    direction: DirectionField,
    url: Type.String(),
    hasCredential: Type.Boolean({ description: "Whether a credential is kept for it" }),
    knownHosts: Maybe(Type.String({ description: "The server's keys, for ssh" })),
    interval: Maybe(Type.Integer({ description: "Seconds between two pulls" })),
    createdAt: Time("when it was made"),
    running: Type.Boolean(),
    failures: Type.Integer({ description: "How often it has failed since it last succeeded" }),
    lastRunAt: Maybe(Time("absent before the first")),
    lastSuccessAt: Maybe(Time("absent before the first")),
    problem: Maybe(Type.String({ description: "Why the last run has failed" })),
    nextRunAt: Maybe(Time("absent where nothing is to be done")),
  },
  { title: "Mirror" },
);

/** Shows a mirror. */
export function mirrorItem(mirror: MirrorRecord, mirrors: Mirrors): Static<typeof MirrorItem> {
  const { name, direction, url, hasCredential, knownHosts, intervalS, failures, problem } = mirror;
  const time = <F extends string>(field: F, ms: number | undefined) =>
    (ms === undefined ? {} : { [field]: new Date(ms).toISOString() }) as Partial<Record<F, string>>;
  return {
    name,
    direction,
    url,
    hasCredential,
    ...(knownHosts === undefined ? {} : { knownHosts }),
    ...(intervalS === undefined ? {} : { interval: intervalS }),
    createdAt: new Date(mirror.createdAtMs).toISOString(),
    running: mirrors.isRunning(mirror),
    failures,
    ...time("lastRunAt", mirror.lastRunAtMs),
    ...time("lastSuccessAt", mirror.lastSuccessAtMs),
    ...(problem === undefined ? {} : { problem }),
    ...time("nextRunAt", mirror.nextRunAtMs),
  };
}

/** The longest time between two pulls, and the shortest. */
export const INTERVAL_MAX_S = 30 * 24 * 60 * 60;
export const INTERVAL_MIN_S = 60;
export const INTERVAL_DEFAULT_S = 15 * 60;

/** What a mirror's administration tells: no address, whose path may be a secret. */
export const mirrorFacts = ({ name, direction, url }: MirrorRecord) => ({
  mirror: name,
  direction,
  target: `${new URL(url).protocol}//${new URL(url).host}`,
});
