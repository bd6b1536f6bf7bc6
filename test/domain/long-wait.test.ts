import { describe, expect, test } from "bun:test";
import { LongWait } from "../../src/domain/long-wait.ts";

describe("LongWait", () => {
  test("gives what comes first", async () => {
    const end = Promise.withResolvers<string>();
    const wait = new LongWait(end.promise);
    expect(await wait.race(Promise.resolve(1))).toBe(1);
    const never = wait.race(new Promise<number>(() => {}));
    end.resolve("end");
    expect(await never).toBe("end");
    expect(await wait.race(new Promise<number>(() => {}))).toBe("end");
  });

  test("fails with what fails first", async () => {
    const end = Promise.withResolvers<string>();
    const wait = new LongWait(end.promise);
    expect(await wait.race(Promise.reject(new Error("short"))).catch((error: Error) => error.message)).toBe("short");
    const never = wait.race(new Promise<number>(() => {}));
    end.reject(new Error("end"));
    expect(await never.catch((error: Error) => error.message)).toBe("end");
  });

  test("keeps nothing of waits that are over", async () => {
    const wait = new LongWait(new Promise<never>(() => {}));
    const collected = new Set<number>();
    const registry = new FinalizationRegistry<number>((n) => collected.add(n));
    for (let n = 0; n < 100; n++) {
      const value = await wait.race(Promise.resolve({ bytes: Buffer.alloc(1000) }));
      registry.register(value, n);
    }
    const untilMs = performance.now() + 10_000;
    while (collected.size < 50 && performance.now() < untilMs) {
      Bun.gc(true);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(collected.size).toBeGreaterThanOrEqual(50);
  });
});
