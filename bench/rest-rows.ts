import { join } from "node:path";
import type { Repositories } from "./repositories.ts";
import { graphqlRows } from "./rows-graphql.ts";
import { mcpRows } from "./rows-mcp.ts";
import { type RestSize, restReadRows, restWorkRows, restWriteRows } from "./rows-rest.ts";
import { sessionRows, type SessionSize } from "./rows-sessions.ts";
import { type ServerProcess, startServer } from "./server-process.ts";
import type { Row } from "./table.ts";

type Main = Awaited<ReturnType<Repositories["main"]>>;
type Print = (group: string, make: () => AsyncIterable<Row>) => Promise<void>;

const FULL: RestSize = { reads: 20_000, processRounds: 40, writeRounds: 150 };
const QUICK: RestSize = { reads: 5_000, processRounds: 10, writeRounds: 30 };

const SESSIONS_FULL: SessionSize = { opens: 7, commits: 100, writingMs: 2_000 };
const SESSIONS_QUICK: SessionSize = { opens: 2, commits: 20, writingMs: 500 };

/** Sessions have owners; what is left alone is committed after the rows are over. */
const TOKEN = "token-of-the-bench";
const WITH_SESSIONS = {
  HOLDFAST_ADMIN_TOKEN: TOKEN,
  HOLDFAST_SESSION_AUTOCOMMIT_MS: "3600000",
  HOLDFAST_CANARY_PERCENT: "0",
};

/** Anybody may write: the bench measures doors, not who comes through them. */
const OPEN_TO_ALL = { HOLDFAST_ANON_ACCESS: "read-write", HOLDFAST_CANARY_PERCENT: "0" };

/** Rows of the management API. */
export async function restRows(repositories: Repositories, data: string, main: Main, print: Print, quick: boolean) {
  const size = quick ? QUICK : FULL;
  const copies = (...names: readonly string[]) => {
    const made = names.map((name) => repositories.copy(main, name));
    // What the copies left to be written would be paid for by the first flushes that are measured.
    Bun.spawnSync(["sync"]);
    return made;
  };
  const withServer = (
    name: string,
    env: Readonly<Record<string, string>>,
    make: (server: ServerProcess) => AsyncIterable<Row>,
  ) =>
    async function* () {
      const server = await startServer(join(data, name), repositories.storage, env);
      try {
        yield* make(server);
      } finally {
        await server.stop();
      }
    };
  await print(
    "rest",
    withServer("rest", OPEN_TO_ALL, async function* ({ http }) {
      yield* restReadRows(http, main, size);
      const [read, written, reference] = copies("rest.git", "rest-written.git", "rest-reference.git") as [
        Main,
        Main,
        Main,
      ];
      yield* restWorkRows(http, read, size);
      yield* restWriteRows(http, written, reference, size);
    }),
  );
  await print(
    "mcp",
    withServer("mcp", OPEN_TO_ALL, ({ http }) => mcpRows(http, main, size)),
  );
  await print(
    "graphql",
    withServer("graphql", OPEN_TO_ALL, ({ http }) => {
      const [folder] = copies("graphql.git") as [Main];
      return graphqlRows(http, main, folder, size);
    }),
  );
  await print(
    "sessions",
    withServer("sessions", WITH_SESSIONS, (server) => {
      const [repository, reference] = copies("sessions.git", "sessions-reference.git") as [Main, Main];
      const scratch = join(repositories.storage, "..", "worktrees");
      return sessionRows(server, TOKEN, { repository, reference, scratch }, quick ? SESSIONS_QUICK : SESSIONS_FULL);
    }),
  );
}
