// Calls through the adapter and through bare gRPC, in turn, in a process of their own; its task comes from stdin.
// Prints one line of JSON: for each kind of call and number in flight the rates of both, calls per second.
import { readFileSync } from "node:fs";
import { GitalyClient } from "@holdfast/client";
import { bareClient } from "./bare-client.mjs";

const { address, storage, relativePath, rounds, reads, writes, revisions, places } = JSON.parse(
  readFileSync(0, "utf8"),
);
const repo = { storage, relativePath, glRepository: "project-1" };
const repository = { storageName: storage, relativePath, glRepository: "project-1" };
const user = { glId: "user-1", name: "Jane Doe", email: "jane@example.com", glUsername: "janedoe" };
const bareUser = { ...user, name: Buffer.from(user.name), email: Buffer.from(user.email) };

const git = new GitalyClient({ address });
const bare = bareClient(address);
const place = (n) => places[n % places.length];
/** Not the same for both: a blob that is there already costs the server less. */
const content = (way, n) => `${way} ${n}\n`;

/** For each kind, the two ways to make the n-th call; a worker of its own writes to a branch of its own. */
const KINDS = {
  getBlob: {
    calls: reads,
    adapter: (n) => git.getBlob(repo, place(n)),
    bare: (n) => bare.getBlob({ repository, ...place(n) }),
  },
  findCommit: {
    calls: reads,
    adapter: (n) => git.findCommit(repo, revisions[n % revisions.length]),
    bare: (n) => bare.findCommit({ repository, revision: revisions[n % revisions.length] }),
  },
  commitFiles: {
    calls: writes,
    adapter: (n, worker) => {
      const path = `adapter/${n}.txt`;
      const actions = [{ type: "create", path, content: content("adapter", n) }];
      return git.commitFiles(repo, { branch: `adapter-${worker}`, message: "Write\n", user, actions });
    },
    bare: (n, worker) => {
      const what = { path: `bare/${n}.txt`, content: content("bare", n), message: "Write\n" };
      return bare.commitFiles({ repository, user: bareUser, branch: `bare-${worker}`, ...what });
    },
  },
};

/** How many calls each way has made, so that no file is written twice. */
const made = new Map();

/** Makes a number of calls with as many in flight; calls per second. */
async function rate(call, count, inFlight) {
  const first = made.get(call) ?? 0;
  let next = 0;
  const worker = async (_, number) => {
    while (next < count) await call(first + next++, number);
  };
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: inFlight }, worker));
  made.set(call, first + count);
  return (count * 1000) / (performance.now() - startedMs);
}

const results = [];
for (const [kind, ways] of Object.entries(KINDS)) {
  for (const inFlight of [1, 16]) {
    // Compiled, connected, and on the server every object found once before anything counts.
    for (const way of ["adapter", "bare"]) await rate(ways[way], ways.calls, inFlight);
    const rates = { adapter: [], bare: [] };
    for (let round = 0; round < rounds; round++) {
      // Who is first takes turns, too: what the machine does in a rhythm shall not always hit the same one.
      const order = round % 2 === 0 ? ["adapter", "bare"] : ["bare", "adapter"];
      for (const way of order) rates[way].push(await rate(ways[way], ways.calls, inFlight));
    }
    results.push({ kind, inFlight, ...rates });
  }
}
git.close();
bare.close();
process.stdout.write(`${JSON.stringify(results)}\n`);
