import { describe, expect, test } from "bun:test";
import { endMoment, Moment } from "../../src/domain/moment.ts";

describe("Moment", () => {
  test("looks once in a turn of the event loop, and again in the next", async () => {
    const moment = new Moment<number>();
    let looks = 0;
    const look = () => moment.of("key", () => ++looks);
    expect([look(), look(), moment.of("other", () => 7)]).toEqual([1, 1, 7]);
    await Promise.resolve();
    expect(look()).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    expect([look(), look()]).toEqual([2, 2]);
  });

  test("looks again in the same turn when something was changed", () => {
    const moment = new Moment<number>();
    let looks = 0;
    const look = () => moment.of("key", () => ++looks);
    expect(look()).toBe(1);
    endMoment();
    expect([look(), look()]).toEqual([2, 2]);
  });

  test("a look that fails is no answer", () => {
    const moment = new Moment<number>();
    const fail = () => {
      throw new Error("nothing");
    };
    expect(() => moment.of("key", fail)).toThrow("nothing");
    expect(moment.of("key", () => 1)).toBe(1);
  });
});
