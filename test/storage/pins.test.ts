import { describe, expect, test } from "bun:test";
import { type Pin, Pins } from "../../src/storage/pins.ts";
import { failureOf } from "../support/failure-of.ts";

const KEY = "default\0a.git";
const settle = () => new Promise((resolve) => setImmediate(resolve));

function now(pin: Pin | Promise<Pin>): Pin {
  if (pin instanceof Promise) throw new Error("expected the pin at once");
  return pin;
}

describe("Pins", () => {
  test("settle waits for the pins that are there, not for later ones nor the caller's own", async () => {
    const pins = new Pins({ timeoutMs: 5000 });
    const [own, old] = [now(pins.pin(KEY)), now(pins.pin(KEY))];
    let settled = false;
    const waiting = pins.settle(KEY, { own }).then(() => (settled = true));
    const late = now(pins.pin(KEY));
    await settle();
    expect(settled).toBe(false);
    old.release();
    old.release();
    await waiting;
    expect(pins.count(KEY)).toBe(2);
    own.release();
    late.release();
    expect(pins.count(KEY)).toBe(0);
  });

  test("settle gives up after a while, and when called off", async () => {
    const pins = new Pins({ timeoutMs: 5000 });
    const pin = now(pins.pin(KEY));
    expect(await failureOf(pins.settle(KEY, { timeoutMs: 5 }))).toMatchObject({ reason: "repository_locked" });
    expect(await failureOf(pins.settle(KEY, { signal: AbortSignal.abort() }))).toMatchObject({ reason: "canceled" });
    pin.release();
  });

  test("newcomers wait while somebody is alone, and only then", async () => {
    const pins = new Pins({ timeoutMs: 5000 });
    const reader = now(pins.pin(KEY));
    const gate = Promise.withResolvers<void>();
    let alone = false;
    const work = pins.alone(KEY, {}, async () => {
      alone = true;
      await gate.promise;
    });
    await settle();
    // The stalled reader does not make others wait.
    now(pins.pin(KEY)).release();
    expect(alone).toBe(false);
    reader.release();
    while (!alone) await settle();
    const late = pins.pin(KEY);
    expect(late).toBeInstanceOf(Promise);
    gate.resolve();
    await work;
    (await late).release();
    expect(pins.count(KEY)).toBe(0);
  });
});
