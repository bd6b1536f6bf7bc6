import type { Dice } from "./generated-trees.ts";
import type { TemporaryRepository } from "./temporary-repository.ts";

export interface RandomHistoryOptions {
  readonly commits: number;
  /** Some commits are older than their parents. */
  readonly wrongClocks: boolean;
  /** What is written is never the same twice. */
  readonly distinct?: boolean;
}

/**
 * Fills a repository with commits that branch off and merge at random, some with the same date, some without parents, some with
 * many; branches `b0` to `b7`, tags of some. Gives the ids of all commits, the oldest first.
 */
export async function makeRandomHistory(
  repository: TemporaryRepository,
  dice: Dice,
  { commits, wrongClocks, distinct = false }: RandomHistoryOptions,
): Promise<string[]> {
  const parts: string[] = [];
  let clock = 1_500_000_000;
  for (let i = 1; i <= commits; i++) {
    clock += dice.pick([0, 0, 1, 60, 600]);
    const date = wrongClocks && dice.chance(0.15) ? clock - dice.below(20_000) : clock;
    const parents = pickParents(dice, i);
    const branch = `refs/heads/b${dice.below(8)}`;
    if (parents.length === 0) parts.push(`reset ${branch}\n\n`);
    parts.push(
      `commit ${branch}\nmark :${i}\nauthor A <a@x> ${date} +0000\ncommitter A <a@x> ${date} +0000\ndata 2\nx\n`,
    );
    parts.push(...parents.map((parent, at) => `${at === 0 ? "from" : "merge"} :${parent}\n`));
    const content = distinct ? `${i}` : `${dice.below(20)}`;
    parts.push(
      `M 100644 inline d${dice.below(3)}/e${dice.below(2)}/f${dice.below(6)}\ndata ${content.length}\n${content}\n\n`,
    );
  }
  parts.push(`reset refs/heads/main\nfrom :${commits}\n\n`);
  await repository.git(["fast-import", "--quiet", "--force", "--export-marks=marks"], { input: parts.join("") });
  const marks = await Bun.file(`${repository.path}/marks`).text();
  const oids: string[] = [];
  for (const line of marks.trim().split("\n")) {
    const [mark, oid] = line.slice(1).split(" ");
    oids[Number(mark) - 1] = oid!;
  }
  return oids;
}

function pickParents(dice: Dice, commit: number): number[] {
  if (commit === 1 || dice.chance(0.02)) return [];
  const count = 1 + (dice.chance(0.25) ? 1 : 0) + (dice.chance(0.03) ? 1 + dice.below(3) : 0);
  const parents = new Set<number>();
  for (let i = 0; i < count; i++) {
    const back = i === 0 && dice.chance(0.5) ? 1 : 1 + dice.below(12);
    parents.add(Math.max(1, commit - back));
  }
  return [...parents];
}
