import { describe, expect, test } from "bun:test";
import { AnswerBudget } from "../../../src/transports/api/graphql/answer-budget.ts";

/** As operations are run. */
async function run<T>(budget: AnswerBudget, operation: () => Promise<T>): Promise<T> {
  await budget.enter();
  try {
    const told = await operation();
    budget.add(told);
    return told;
  } finally {
    budget.leave();
  }
}

describe("the budget of an answer", () => {
  test("lets four operations run at once, the others in their order", async () => {
    const budget = new AnswerBudget();
    const gates = Array.from({ length: 7 }, () => Promise.withResolvers<undefined>());
    const began: number[] = [];
    const done = gates.map(({ promise }, n) =>
      run(budget, () => {
        began.push(n);
        return promise;
      }),
    );
    await new Promise((resolve) => setImmediate(resolve));
    expect(began).toEqual([0, 1, 2, 3]);
    gates[2]!.reject(new Error("failed"));
    expect(await Promise.allSettled([done[2]])).toMatchObject([{ status: "rejected" }]);
    gates[0]!.resolve(undefined);
    await done[0];
    for (const { resolve } of gates) resolve(undefined);
    await Promise.allSettled(done);
    expect(began).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  test("refuses what goes beyond it, and runs nothing more", async () => {
    const budget = new AnswerBudget();
    const half = { items: [{ content: "x".repeat(40 * 1024 * 1024) }] };
    expect(await run(budget, () => Promise.resolve(half))).toBe(half);
    const reasonOf = async (promise: Promise<unknown>) => {
      const [settled] = await Promise.allSettled([promise]);
      return settled!.status === "rejected" ? (settled!.reason as { reason: string }).reason : undefined;
    };
    expect(await reasonOf(run(budget, () => Promise.resolve(half)))).toBe("too_large");
    let ran = false;
    expect(
      await reasonOf(
        run(budget, () => {
          ran = true;
          return Promise.resolve(1);
        }),
      ),
    ).toBe("too_large");
    expect(ran).toBe(false);
  });
});
