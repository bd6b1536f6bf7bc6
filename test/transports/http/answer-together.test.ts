import { expect, test } from "bun:test";
import { answerTogether } from "../../../src/transports/http/answer-together.ts";

test("requests of one turn are answered one after the other when it ends", async () => {
  const begun: number[] = [];
  const answer = answerTogether(async (request: number) => {
    begun.push(request);
    return request * 10;
  });
  const first = [answer(1), answer(2)];
  await Promise.resolve();
  expect(begun).toEqual([]);
  expect(await Promise.all(first)).toEqual([10, 20]);
  expect(begun).toEqual([1, 2]);
  expect(await answer(3)).toBe(30);
});

test("one that fails, or takes its time, keeps nobody from an answer", async () => {
  const slow = Promise.withResolvers<string>();
  const answer = answerTogether(async (request: string) => {
    if (request === "bad") throw new Error("refused");
    return request === "slow" ? await slow.promise : request;
  });
  const [bad, late, good] = [answer("bad"), answer("slow"), answer("good")];
  await expect(bad).rejects.toThrow("refused");
  expect(await good).toBe("good");
  slow.resolve("at last");
  expect(await late).toBe("at last");
});
