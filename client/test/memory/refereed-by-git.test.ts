import { afterAll, describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { RefereeGit } from "../support/referee-git.ts";
import { commits, merges, REPO, RefereedStory, type Step, steps } from "./refereed-story.ts";

const git = new RefereeGit();
afterAll(() => git[Symbol.dispose]());

async function tell(told: readonly Step[]): Promise<RefereedStory> {
  const story = new RefereedStory(git);
  await story.begin();
  for (const step of told) await story.take(step);
  return story;
}

/** The newest commits against each other, and against none. */
function pairsOf(story: RefereedStory): [string, string][] {
  const emptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
  const last = story.commits.slice(-3);
  return [
    [emptyTree, last[0]!],
    ...last.map((id): [string, string] => [id, story.commits[0]!]),
    [last[0]!, last.at(-1)!],
  ];
}

const EDITS = ["create", "insert", "remove", "replace", "delete", "chmod"] as const;
const ALL = [0, 1, 2];
const CHANGES = commits(ALL, EDITS);
/** Two branches each replace a line of the same file and merge: a conflict if it is the same line, which is rarely so by chance. */
function replacedLines(ours: number, theirs: number): [Step[]] {
  const replace = (branch: number, line: number): Step => ({
    type: "commit",
    branch,
    edits: [{ kind: "replace", file: 0, line, count: 1 }],
    seconds: 1,
  });
  return [[replace(0, ours), replace(1, theirs), { type: "merge", from: 1, into: 0, seconds: 1 }]];
}
const CHANGES_AND_MERGES = steps(CHANGES, CHANGES, CHANGES, merges(ALL, ALL));
/** Only whole files move, and only on the side that changes none: git pairs files that are alike, too, the adapter does not. */
const MOVED_HERE_CHANGED_THERE = steps(
  commits([0], ["move", "chmod", "delete"]),
  commits([1], ["insert", "delete"], 2),
  merges([1], [0]),
);

describe("MemoryGitAdapter, refereed by git", () => {
  test("commits and merges have git's ids, conflicts are in git's files", async () => {
    let clean = 0;
    let inConflict = 0;
    await fc.assert(
      fc.asyncProperty(CHANGES_AND_MERGES, async (told) => {
        const story = await tell(told);
        clean += story.mergesClean;
        inConflict += story.mergesInConflict;
      }),
      { numRuns: 30, examples: [replacedLines(2, 8), replacedLines(8, 8)] },
    );
    expect(Math.min(clean, inConflict)).toBeGreaterThan(0);
  });

  test("a file that one side moved takes the other side's change along", async () => {
    let clean = 0;
    await fc.assert(
      fc.asyncProperty(MOVED_HERE_CHANGED_THERE, async (told) => {
        clean += (await tell(told)).mergesClean;
      }),
      { numRuns: 20 },
    );
    expect(clean).toBeGreaterThan(0);
  });

  test("diffs are git's, to the byte", async () => {
    await fc.assert(
      fc.asyncProperty(steps(commits([0], [...EDITS, "move", "binary"])), async (told) => {
        const story = await tell(told);
        for (const [from, to] of pairsOf(story)) {
          const settings = ["-c", "diff.renames=true", "-c", "core.bigFileThreshold=50m"];
          const diff = (...more: string[]) =>
            git.run([...settings, "diff", "-M100%", "--full-index", ...more, from, to]);
          const range = { from, to };
          expect(Buffer.from(await story.adapter.rawDiff(REPO, range)).toString("latin1")).toBe(
            diff().toString("latin1"),
          );
          const stats = await story.adapter.diffStats(REPO, range);
          expect(stats.map(numstat).join("")).toBe(diff("--numstat", "-z").toString().replaceAll("-\t-\t", "0\t0\t"));
          const entries = await story.adapter.commitDiff(REPO, range);
          const patches = entries.map(({ patch }) => Buffer.from(patch).toString("latin1")).join("");
          expect(patches).toBe(
            diff()
              .toString("latin1")
              .replace(/^(?![-+ @\\]).*\n|^(?:---|\+\+\+) (?:"?[ab]\/|\/dev).*\n/gm, ""),
          );
        }
      }),
      { numRuns: 15 },
    );
  });

  test("history is told in git's order", async () => {
    await fc.assert(
      fc.asyncProperty(CHANGES_AND_MERGES, async (told) => {
        const story = await tell(told);
        await story.shareBranches();
        const ranges = [
          ["main"],
          ["--branches"],
          ["topic", "^main"],
          ["main..topic"],
          ["main...topic"],
          ["--branches", "--not", "other"],
          ["main~1", "topic^{commit}", "^other^"],
        ];
        for (const revisions of ranges) {
          // Which excluded parents git has come across when it looks at a merge depends on the times of others.
          const isCut = revisions.some((revision) => /\^(?!\{|$)|\.\.|--not/.test(revision));
          for (const paths of isCut ? [[]] : [[], ["dir"], ["a.txt", "z/deep"]]) {
            const listed = git.attempt(["rev-list", ...revisions, "--", ...paths]);
            const ids = story.adapter.listCommits(REPO, { revisions, paths }).then((all) => all.map(({ id }) => id));
            if (listed.exitCode !== 0) await expect(ids).rejects.toThrow("does not exist");
            else expect(await ids).toEqual(listed.stdout.toString().split("\n").slice(0, -1));
          }
        }
        const [one, other] = [story.commits[0]!, story.commits.at(-1)!];
        for (const [ancestor, descendant] of [
          ["main", "topic"],
          [one, other],
          [other, one],
        ] as const) {
          const { exitCode } = git.attempt(["merge-base", "--is-ancestor", ancestor, descendant]);
          expect(await story.adapter.isAncestor(REPO, { ancestor, descendant })).toBe(exitCode === 0);
        }
      }),
      { numRuns: 10 },
    );
  });

  test("git finds nothing wrong with the objects", () => {
    expect(git.attempt(["fsck", "--strict", "--no-dangling"]).stderr).toBe("");
  });
});

function numstat({
  path,
  oldPath,
  additions,
  deletions,
}: {
  path: string;
  oldPath?: string;
  additions: number;
  deletions: number;
}) {
  const names = oldPath === undefined ? `${path}\0` : `\0${oldPath}\0${path}\0`;
  return `${additions}\t${deletions}\t${names}`;
}
