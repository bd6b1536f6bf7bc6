import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { FetchStory, stateOf, type Transport, type Version } from "../../support/fetch-story.ts";
import { BACKENDS } from "../../support/operation-story.ts";
import { runGit, type TemporaryRepository } from "../../support/temporary-repository.ts";

/** What is done with a clone: options of `git clone`, then commands inside. */
interface Scenario {
  readonly name: string;
  readonly clone?: readonly string[];
  readonly steps?: readonly (readonly string[])[];
  /** Commits that appear in the repository between the clone and the steps. */
  readonly grows?: boolean;
  /** Versions 0 and 1 refuse what was not advertised, such as a blob that is fetched when it is needed. */
  readonly onlyVersion2?: boolean;
}

const SCENARIOS: readonly Scenario[] = [
  { name: "clone" },
  { name: "mirror", clone: ["--mirror"] },
  { name: "one branch", clone: ["--single-branch", "--branch", "side"] },
  { name: "one branch without tags", clone: ["--single-branch", "--no-tags"] },
  { name: "fetch of new commits", grows: true, steps: [["fetch", "-q"]] },
  { name: "fetch of one new branch", grows: true, steps: [["fetch", "-q", "origin", "side"]] },
  { name: "fetch with pruning and all tags", grows: true, steps: [["fetch", "-q", "--prune", "--tags"]] },
  {
    name: "fetch of nothing new",
    steps: [
      ["fetch", "-q"],
      ["fetch", "-q", "origin", "main"],
    ],
  },
  { name: "depth 1", clone: ["--depth=1"] },
  { name: "depth 3, all branches", clone: ["--depth=3", "--no-single-branch"] },
  { name: "depth of more than there is", clone: ["--depth=100"] },
  { name: "fetch into depth 1", clone: ["--depth=1"], grows: true, steps: [["fetch", "-q"]] },
  { name: "fetch of depth 1 into depth 1", clone: ["--depth=1"], grows: true, steps: [["fetch", "-q", "--depth=1"]] },
  { name: "depth 1, then deeper", clone: ["--depth=1"], steps: [["fetch", "-q", "--depth=4"]] },
  { name: "depth 4, then less", clone: ["--depth=4"], steps: [["fetch", "-q", "--depth=2"]] },
  {
    name: "deepen step by step",
    clone: ["--depth=1", "--no-single-branch"],
    steps: [
      ["fetch", "-q", "--deepen=1"],
      ["fetch", "-q", "--deepen=2"],
    ],
  },
  { name: "unshallow", clone: ["--depth=2"], steps: [["fetch", "-q", "--unshallow"]] },
  { name: "shallow since", clone: ["--shallow-since=1700000350"] },
  { name: "shallow since, then all", clone: ["--shallow-since=1700000350"], steps: [["fetch", "-q", "--unshallow"]] },
  { name: "full, then shallow since", steps: [["fetch", "-q", "--shallow-since=1700000450"]] },
  { name: "shallow without what a tag reaches", clone: ["--shallow-exclude=v1"] },
  { name: "depth 1, then without a branch", clone: ["--depth=1"], steps: [["fetch", "-q", "--shallow-exclude=old"]] },
  { name: "without blobs", clone: ["--filter=blob:none", "--bare"] },
  { name: "without blobs, checked out", clone: ["--filter=blob:none"], onlyVersion2: true },
  { name: "without large blobs", clone: ["--filter=blob:limit=1k", "--bare"] },
  { name: "without trees", clone: ["--filter=tree:0", "--bare"] },
  { name: "only commits", clone: ["--filter=object:type=commit", "--bare"] },
  { name: "two filters", clone: ["--filter=blob:limit=1k", "--filter=tree:2", "--bare"] },
  { name: "without blobs, depth 2", clone: ["--filter=blob:none", "--depth=2", "--bare"] },
  {
    name: "fetch without blobs",
    clone: ["--filter=blob:none", "--bare"],
    grows: true,
    steps: [["fetch", "-q", "origin", "+refs/heads/*:refs/heads/*"]],
  },
];

/** A few branches with a merge, tags of both kinds, and references that are shown to nobody. */
async function fill(origin: TemporaryRepository): Promise<void> {
  const big = "0123456789abcdef".repeat(200);
  const commit = (branch: string, n: number, parents?: string[]) =>
    origin.commit({
      branch,
      seconds: 1_700_000_000 + n * 100,
      message: `${branch} ${n}\n`,
      files: { [`dir/${branch}`]: `${n}`, README: `text ${n}\n`, big: `${big}${n}` },
      ...(parents !== undefined && { parents }),
    });
  const first = await commit("main", 0);
  const second = await commit("main", 1);
  await commit("old", 2, [first]);
  await origin.git(["tag", "-a", "-m", "one", "v1", second]);
  const side = await commit("side", 3, [second]);
  const third = await commit("main", 4);
  const sideTip = await commit("side", 5, [side]);
  const merge = await commit("main", 6, [third, sideTip]);
  await origin.git(["tag", "light", third]);
  await origin.git(["tag", "-a", "-m", "of a tag", "v2", "v1"]);
  await commit("main", 7, [merge]);
  await commit("secret", 8, [first]);
  await origin.git(["update-ref", "refs/keep-around/secret", "refs/heads/secret"]);
  await origin.git(["update-ref", "refs/pull/1/head", sideTip]);
  await origin.git(["update-ref", "-d", "refs/heads/secret"]);
}

/** Adds commits to two branches, and a tag. */
async function grow(origin: TemporaryRepository, round: number): Promise<void> {
  for (const branch of ["main", "side"]) {
    for (let n = 0; n < 2; n++) {
      await origin.commit({
        branch,
        seconds: 1_700_001_000 + round * 10 + n,
        message: `round ${round} ${n}\n`,
        files: { [`dir/${branch}`]: `${round} ${n}`, README: `text ${round}\n` },
      });
    }
  }
  await origin.git(["tag", "-a", "-m", `round ${round}`, `round-${round}`, "main"]);
}

const WAYS: Readonly<Record<(typeof BACKENDS)[number], readonly [Transport, Version][]>> = {
  libgit2: [
    ["git", 0],
    ["git", 2],
    ["http", 0],
    ["http", 2],
  ],
  // What differs between backends are reads, and they are the same on every way.
  shell: [
    ["git", 0],
    ["http", 2],
  ],
};

for (const backend of BACKENDS) {
  describe("uploadPack", () => {
    let story: FetchStory;
    let round = 0;

    beforeAll(async () => {
      story = await FetchStory.open(backend);
      await fill(story.origin);
    });

    afterAll(() => story.close());

    for (const [transport, version] of WAYS[backend]) {
      describe(`on ${backend}, ${transport} version ${version}`, () => {
        for (const { name, clone = [], steps = [], grows = false, onlyVersion2 = false } of SCENARIOS) {
          if (onlyVersion2 && version !== 2) continue;
          test(
            name,
            async () => {
              const both = [story.url(transport), story.referenceUrl(transport)];
              const clones = await Promise.all(both.map((url) => story.clone(url, version, ...clone)));
              if (grows) await grow(story.origin, ++round);
              for (const step of steps) await Promise.all(clones.map((at) => runGit(at, step)));
              const [served, local] = await Promise.all(clones.map(stateOf));
              expect(served).toEqual(local!);
              expect(story.failures(transport)).toEqual([]);
            },
            30_000,
          );
        }
      });
    }
  });
}
