// `npm run test:durability`: the crash story of `npm test`, ten times as long.
import { bunTests } from "./bun-tests.mjs";
import { Report } from "./parts.mjs";
import { say, setUp } from "./setup.mjs";

const ROUNDS = "200";

const missing = setUp();
if (missing !== undefined) say(missing);
const report = new Report();
await report.part(`durability, ${ROUNDS} rounds`, () =>
  bunTests(["test/simulation/durability.test.ts"], { DURABILITY_ROUNDS: process.env.DURABILITY_ROUNDS ?? ROUNDS }),
);
report.end();
