import type { GitalyClientOptions } from "../../src/gitaly/gitaly-client-options.ts";
import { GitalyClient } from "../../src/index.ts";
import { NEW_ID, OLD_ID } from "./calls-of-changes.ts";
import { answering, FaultyGitaly } from "./faulty-gitaly.ts";
import { RecordedClock } from "./recorded-clock.ts";

/** A server that does what it is told, and a client of it on whose clock waits take no time. */
export interface FaultyStory extends AsyncDisposable {
  readonly faulty: FaultyGitaly;
  readonly client: GitalyClient;
  readonly clock: RecordedClock;
}

/** `onWait` is called whenever the client begins to wait before a further attempt. */
export async function faultyStory(options: GitalyClientOptions = {}, onWait?: () => void): Promise<FaultyStory> {
  const faulty = await FaultyGitaly.start();
  // What changes may ask before.
  faulty.otherwise("FindBranch", answering({ branch: { name: Buffer.from("main"), targetCommit: { id: OLD_ID } } }));
  faulty.otherwise("FindCommit", answering({ commit: { id: NEW_ID } }));
  const clock = new RecordedClock(onWait);
  const client = new GitalyClient({ address: faulty.address, clock, ...options });
  return {
    faulty,
    client,
    clock,
    async [Symbol.asyncDispose]() {
      client.close();
      await faulty[Symbol.asyncDispose]();
    },
  };
}
