import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type BenchContext, FULL, QUICK } from "./bench-context.ts";
import { calls } from "./calls.ts";
import { gitRows } from "./git-rows.ts";
import { LoadClient } from "./load-client.ts";
import { restRows } from "./rest-rows.ts";
import { Repositories } from "./repositories.ts";
import { clientRateRows, largeAnswerRows } from "./rows-client.ts";
import { catalogReloadRows } from "./rows-client-example.ts";
import { fallbackRows } from "./rows-fallbacks.ts";
import { growthRows } from "./rows-growth.ts";
import { pointReadRows, workRows } from "./rows-reads.ts";
import { canaryRow, memoryRows } from "./rows-server.ts";
import { writeRows, writerRows } from "./rows-writes.ts";
import { startServer } from "./server-process.ts";
import { HEADING, markdown, type Row } from "./table.ts";

const HELP = `Measures a server against references of the same run.

  npm run bench -- [options]

  --quick            a tenth of the load: for a look, not for a record
  --only REGEX       only groups whose name matches: reads, work, writes, writers, growth, memory, canary, fallbacks,
                     client, client-example, git-references, git-clones, git-parts, git-pushes, git-memory,
                     events, rest, mcp, graphql, sessions
  --repo PATH        measure on a copy of this repository instead of the generated one
  --against HOST:PORT  measure this server of the Gitaly protocol instead of one that is started; its storage "default" must
                     be --storage-path (groups reads, work, writes, writers and growth)
  --storage-path DIR where the repositories of the bench are kept (default .bench/repositories)
  --token SECRET     shared secret of --against
  --out FILE         also write the table to a file
`;

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    repo: { type: "string" },
    against: { type: "string" },
    "storage-path": { type: "string", default: join(import.meta.dir, "..", ".bench", "repositories") },
    token: { type: "string" },
    out: { type: "string" },
    help: { type: "boolean", short: "h", default: false },
  },
});

/** Groups of rows that any server of the protocol can be asked for. */
const DOOR_GROUPS = ["reads", "work", "writes", "writers", "growth"];

if (options.help) console.log(HELP);
else await bench();

async function bench(): Promise<void> {
  const storage = resolve(options["storage-path"]);
  const data = join(storage, "..", "data");
  mkdirSync(storage, { recursive: true });
  rmSync(data, { recursive: true, force: true });
  const repositories = new Repositories(storage);
  const main = await repositories.main(options.repo && resolve(options.repo));
  const rows: Row[] = [];
  const wanted = (group: string) => new RegExp(options.only, "i").test(group);
  const print = async (group: string, make: () => AsyncIterable<Row>) => {
    if (!wanted(group)) return;
    for await (const row of make()) {
      rows.push(row);
      console.log(markdown(row));
    }
  };
  console.log(HEADING);
  if (DOOR_GROUPS.some(wanted)) await doorRows(repositories, data, main, print);
  if (options.against === undefined) {
    await serverRows(repositories, data, main, print);
    await gitRows(repositories, data, main, print, options.quick);
    await restRows(repositories, data, main, print, options.quick);
  }
  if (options.out !== undefined) writeFileSync(options.out, `${HEADING}\n${rows.map(markdown).join("\n")}\n`);
}

type Print = (group: string, make: () => AsyncIterable<Row>) => Promise<void>;
type Main = Awaited<ReturnType<Repositories["main"]>>;

/** Rows that any server of the protocol can be asked for. */
async function doorRows(repositories: Repositories, data: string, main: Main, print: Print): Promise<void> {
  const size = options.quick ? QUICK : FULL;
  const copies = {
    fewRefs: repositories.withReferences(main, 1_000),
    manyRefs: repositories.withReferences(main, 100_000),
  };
  const short = options.repo === undefined ? await repositories.short() : main;
  const prepared = {
    main,
    manyRefs: repositories.withReferences(main, 10_000),
    writable: repositories.copy(main, "writable.git"),
    reference: repositories.copy(main, "reference.git"),
    manyWritable: Array.from({ length: 8 }, (_, n) => repositories.copy(main, `writable-${n}.git`)),
  };
  // What the copies left to be written would be paid for by the first flushes that are measured.
  Bun.spawnSync(["sync"]);
  const server =
    options.against === undefined
      ? await startServer(data, repositories.storage, { HOLDFAST_CANARY_PERCENT: "0" })
      : undefined;
  const address = options.against ?? server!.grpc;
  const client = (connections: number) => new LoadClient(address, connections, options.token);
  const context: BenchContext = { size, one: client(1), four: client(4), eight: client(8), ...prepared };
  for (let i = 0; i < 500; i++) await context.one.call(calls.check());
  await print("reads", () => pointReadRows(context));
  await print("work", () => workRows(context));
  await print("writes", () => writeRows(context));
  await print("writers", () => writerRows(context));
  await print("growth", () => growthRows(context, { ...copies, short }));
  for (const one of [context.one, context.four, context.eight]) one.close();
  await server?.stop();
}

/** Rows about the server itself. */
async function serverRows(repositories: Repositories, data: string, main: Main, print: Print): Promise<void> {
  const { storage } = repositories;
  const start = (name: string, env: Readonly<Record<string, string>>, root = storage) =>
    startServer(join(data, name), root, env);
  const withServer = async function* (
    env: Readonly<Record<string, string>>,
    make: (server: Awaited<ReturnType<typeof start>>) => AsyncIterable<Row>,
  ) {
    const server = await start("alone", env);
    try {
      yield* make(server);
    } finally {
      await server.stop();
    }
  };
  const reads = options.quick ? 20_000 : 200_000;
  await print("memory", () =>
    withServer({ HOLDFAST_CANARY_PERCENT: "0" }, (server) => memoryRows(server, main, reads)),
  );
  await print("canary", async function* () {
    // A storage belongs to one server: the second one reads a copy, which it finds under the same name.
    const second = new Repositories(join(storage, "..", "second"));
    second.copy(main, basename(main.gitDir));
    const [off, on] = [
      await start("off", { HOLDFAST_CANARY_PERCENT: "0" }),
      await start("on", { HOLDFAST_CANARY_PERCENT: "1" }, second.storage),
    ];
    try {
      yield* canaryRow(off, on, main, options.quick ? 2_000 : 20_000);
    } finally {
      await Promise.all([off.stop(), on.stop()]);
    }
  });
  await print("client-example", () =>
    withServer({ HOLDFAST_CANARY_PERCENT: "0", HOLDFAST_ANON_ACCESS: "read-write" }, (server) =>
      catalogReloadRows(server, storage, options.quick ? 20 : 200),
    ),
  );
  await print("client", () =>
    withServer({ HOLDFAST_CANARY_PERCENT: "0" }, async function* ({ grpc }) {
      const large = await repositories.largeAnswers();
      const writable = repositories.copy(main, "client-writable.git");
      Bun.spawnSync(["sync"]);
      yield* clientRateRows(grpc, writable, options.quick);
      yield* largeAnswerRows(grpc, large);
    }),
  );
  await print("fallbacks", () =>
    withServer({ HOLDFAST_CANARY_PERCENT: "0" }, (server) => fallbackRows(server, storage)),
  );
}
