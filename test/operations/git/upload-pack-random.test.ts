import { describe, expect, test } from "bun:test";
import { FetchStory, stateOf, type Transport, type Version } from "../../support/fetch-story.ts";
import { Dice } from "../../support/generated-trees.ts";
import { makeRandomHistory } from "../../support/random-history.ts";
import { runGit } from "../../support/temporary-repository.ts";

const ROUNDS = 10;
const START_SECONDS = 1_500_000_000;

const WAYS: readonly [Transport, Version][] = [
  ["git", 0],
  ["git", 2],
  ["http", 0],
  ["http", 2],
];

/** Options that say how deep. */
function depthOf(dice: Dice, seconds: number): string[] {
  switch (dice.below(5)) {
    case 0:
      return [`--depth=${1 + dice.below(6)}`];
    case 1:
      return [`--shallow-since=${START_SECONDS + dice.below(seconds)}`];
    case 2:
      return [`--shallow-exclude=b${dice.below(8)}`];
    case 3:
      return ["--filter=blob:none", `--depth=${1 + dice.below(3)}`];
    default:
      return [];
  }
}

function stepOf(dice: Dice, seconds: number): string[] {
  switch (dice.below(7)) {
    case 0:
      return ["fetch", "-q", `--deepen=${1 + dice.below(4)}`];
    case 1:
      return ["fetch", "-q", "--unshallow"];
    case 2:
      return ["fetch", "-q", "origin", `+refs/heads/b${dice.below(8)}:refs/remotes/origin/picked`];
    case 3:
      return ["fetch", "-q", "origin", "+refs/heads/*:refs/remotes/origin/*"];
    default:
      return ["fetch", "-q", ...depthOf(dice, seconds)];
  }
}

describe("uploadPack, random histories and depths", () => {
  for (const seed of [1, Date.now() % 1_000_000]) {
    test(`seed ${seed}`, async () => {
      const dice = new Dice(seed);
      const story = await FetchStory.open("libgit2");
      try {
        await makeRandomHistory(story.origin, dice, { commits: 80, wrongClocks: dice.chance(0.3) });
        const last = Number(await story.origin.text(["log", "-1", "--all", "--date-order", "--format=%ct"]));
        const seconds = Math.max(1, last - START_SECONDS);
        for (let round = 0; round < ROUNDS; round++) {
          const [transport, version] = dice.pick(WAYS);
          const options = ["--bare", ...(dice.chance(0.5) ? ["--single-branch"] : []), ...depthOf(dice, seconds)];
          const steps = Array.from({ length: dice.below(4) }, () => stepOf(dice, seconds));
          const told: Record<string, unknown> = { transport, version, options, steps };
          const run = async (url: string) => {
            const outcomes: unknown[] = [];
            const clone = await story.clone(url, version, ...options).catch(() => undefined);
            if (clone === undefined) return ["not cloned"];
            await runGit(clone, ["config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*"]);
            for (const step of steps) {
              const done = await runGit(clone, step).then(
                () => true,
                () => false,
              );
              outcomes.push([done, await stateOf(clone)]);
            }
            return [...outcomes, await stateOf(clone)];
          };
          const [served, reference] = await Promise.all([
            run(story.url(transport)),
            run(story.referenceUrl(transport)),
          ]);
          expect({ ...told, outcome: served }).toEqual({ ...told, outcome: reference });
        }
      } finally {
        await story.close();
      }
    }, 120_000);
  }
});
