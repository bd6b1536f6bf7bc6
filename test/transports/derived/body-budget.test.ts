import { describe, expect, test } from "bun:test";
import { BodyBudget } from "../../../src/transports/api/derived/body-budget.ts";
import { failureOf } from "../../support/failure-of.ts";

const MIB = 1024 * 1024;
/** Room for two bodies of one MiB. */
const budget = (waitMaxMs = 60_000) => new BodyBudget({ bytesMax: 6 * MIB, waitMaxMs });
const { signal } = new AbortController();

/** Has the promise been settled by now? */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const settled = promise.then(
    () => true,
    () => true,
  );
  return Promise.race([settled, Promise.resolve().then(() => Promise.resolve(false))]);
}

describe("BodyBudget", () => {
  test("those beyond it wait until others have given back, in their order", async () => {
    const bodies = budget();
    const rooms = Array.from({ length: 4 }, () => bodies.room());
    const waits = rooms.map((room) => room.reserve(MIB, signal));
    await Promise.all(waits.slice(0, 2));
    expect(await isSettled(waits[2]!)).toBe(false);
    rooms[0]!.release();
    rooms[0]!.release();
    await waits[2];
    expect(await isSettled(waits[3]!)).toBe(false);
    rooms[1]!.release();
    await waits[3];
  });

  test("small ones never wait, and one that is too large for all of it is read alone", async () => {
    const bodies = budget();
    const large = bodies.room();
    await large.reserve(100 * MIB, signal);
    await bodies.room().reserve(64 * 1024, signal);
    const next = bodies.room().reserve(MIB, signal);
    expect(await isSettled(next)).toBe(false);
    large.release();
    await next;
  });

  test("a wait ends with advice to come again, or with its client; then those behind have their turn", async () => {
    const patient = budget();
    const held = patient.room();
    await held.reserve(MIB, signal);
    const gone = new AbortController();
    const canceled = patient.room().reserve(100 * MIB, gone.signal);
    const behind = patient.room().reserve(MIB, signal);
    expect(await isSettled(behind)).toBe(false);
    gone.abort();
    expect(await failureOf(canceled)).toMatchObject({ reason: "canceled" });
    await behind;
    expect(await failureOf(patient.room().reserve(2 * MIB, AbortSignal.abort()))).toMatchObject({ reason: "canceled" });

    const hasty = budget(1);
    await hasty.room().reserve(2 * MIB, signal);
    expect(await failureOf(hasty.room().reserve(MIB, signal))).toMatchObject({
      reason: "limit_exceeded",
      details: { retryAfterMs: 5000 },
    });
  });

  test("a body whose length nobody has told is refused once there is no room, and not while it is alone", async () => {
    const bodies = budget();
    const growing = bodies.room();
    growing.grow(MIB);
    growing.grow(3 * MIB);
    const other = bodies.room();
    other.grow(1000);
    expect(() => other.grow(MIB)).toThrow();
    growing.release();
    other.grow(MIB);
    other.release();
    await bodies.room().reserve(2 * MIB, signal);
  });
});
