// `npm run conformance -- [libgit2|shell|canary|token …] [-- options of the suite]`
import { conformance } from "./conformance-runs.mjs";
import { Report } from "./parts.mjs";
import { say, setUp } from "./setup.mjs";

const missing = setUp();
if (missing !== undefined) say(missing);
const given = process.argv.slice(2);
const firstOption = given.findIndex((word) => word.startsWith("--"));
const names = firstOption < 0 ? given : given.slice(0, firstOption);
const options = firstOption < 0 ? [] : given.slice(firstOption).filter((word) => word !== "--");
const report = new Report();
await conformance(report, names, options);
report.end();
