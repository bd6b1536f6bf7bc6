// Prints a repository's events, one line of JSON each: `print-events.mjs NAME`, the server as HOLDFAST_URL says.
import { watchRepository } from "@holdfast/client";

const watch = watchRepository(process.argv[2]);
process.stdout.write(`${JSON.stringify({ ready: await watch.ready })}\n`);
for await (const event of watch) process.stdout.write(`${JSON.stringify(event)}\n`);
