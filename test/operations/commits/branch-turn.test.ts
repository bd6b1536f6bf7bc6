import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { inTurn } from "../../../src/operations/commits/branch-turn.ts";
import { putFile } from "../../../src/operations/index.ts";
import { Gate } from "../../support/gate.ts";
import { BACKENDS, OperationStory } from "../../support/operation-story.ts";

describe("inTurn", () => {
  const place = { view: { gitDir: "/nowhere", objectFormat: "sha1" } } as const;
  const { signal } = new AbortController();

  test("waits for those before, but not for one whose hook takes long", async () => {
    const gate = new Gate();
    const told: string[] = [];
    const limits = { turnMsMax: 30, waitMsMax: 60_000 };
    const turn = (name: string, change: () => Promise<void>) =>
      inTurn(place, "refs/heads/main", signal, () => change().then(() => void told.push(name)), limits);
    const slow = turn("slow", () => gate.pass());
    await Promise.all([turn("second", () => Promise.resolve()), turn("third", () => Promise.resolve())]);
    expect(told).toEqual(["second", "third"]);
    gate.open();
    await slow;
    expect(told).toEqual(["second", "third", "slow"]);
  });

  test("waits no longer than may be waited, and not behind another branch", async () => {
    const gate = new Gate();
    const limits = { turnMsMax: 60_000, waitMsMax: 30 };
    const slow = inTurn(place, "refs/heads/main", signal, () => gate.pass(), limits);
    await inTurn(place, "refs/heads/other", signal, () => Promise.resolve(), { ...limits, waitMsMax: 60_000 });
    await inTurn(place, "refs/heads/main", signal, () => Promise.resolve(), limits);
    gate.open();
    await slow;
  });
});

for (const backend of BACKENDS) {
  describe("inTurn", () => {
    let story: OperationStory;
    beforeEach(async () => {
      story = await OperationStory.open(backend);
      await story.commit({ a: "1" });
    });
    afterEach(() => story.close());

    test(`lets forty writers of one branch through, each of them making his objects once (${backend})`, async () => {
      const writers = Array.from({ length: 40 }, (_, index) =>
        story.run(putFile, {
          branch: "main",
          path: `file${index}`,
          content: Buffer.from(`${index}`),
          message: Buffer.from("one of many"),
        } as never),
      );
      const made = await Promise.all(writers);
      expect(new Set(made.map(({ commit }) => commit)).size).toBe(40);
      expect(await story.git("rev-list", "--count", "main")).toBe("41");
      expect(await story.git("fsck", "--strict")).toBe("");
    });
  });
}
