import { test } from "bun:test";
import { uploadArchive, uploadPack } from "../../src/operations/index.ts";
import { failure } from "../support/operation-story.ts";
import { openTestEngine } from "../support/test-engine.ts";

/** A client that says nothing and does not go. */
const silent: AsyncIterable<Uint8Array> = {
  [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }),
};

for (const operation of [uploadPack, uploadArchive]) {
  test(`${operation.name} does not wait for the parts of a client that has been given up`, async () => {
    const engine = await openTestEngine();
    try {
      const repository = await engine.createRepository("one");
      const gone = new AbortController();
      const input = { repository, ...(operation === uploadPack ? { mode: "stateless" as const } : {}) };
      const caller = { ...engine.caller, signal: gone.signal };
      const outputs = engine.engine.run(operation as typeof uploadPack, input as never, caller, silent);
      const first = outputs[Symbol.asyncIterator]().next();
      setImmediate(() => gone.abort());
      await failure(first, "canceled");
    } finally {
      await engine.close();
    }
  });
}
