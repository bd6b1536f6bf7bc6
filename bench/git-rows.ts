import { rmSync } from "node:fs";
import { join } from "node:path";
import { addressesOf, GitClient } from "./git-client.ts";
import { gitLines, runGit } from "./git-reference.ts";
import { startNginx } from "./nginx-reference.ts";
import type { Repositories } from "./repositories.ts";
import { subscriberRows } from "./rows-events.ts";
import { firstResultRows, streamRows } from "./rows-live.ts";
import { cloneRows, partRows } from "./rows-git-clones.ts";
import { transferMemoryRows } from "./rows-git-memory.ts";
import { pushRows } from "./rows-git-pushes.ts";
import { lsRefsRows, lsRemoteRows } from "./rows-git-references.ts";
import { type ServerProcess, startServer } from "./server-process.ts";
import type { Row } from "./table.ts";

type Main = Awaited<ReturnType<Repositories["main"]>>;
type Print = (group: string, make: () => AsyncIterable<Row>) => Promise<void>;

/** Anybody may push: the bench measures doors, not who comes through them. */
const OPEN_TO_ALL = { HOLDFAST_ANON_ACCESS: "read-write", HOLDFAST_CANARY_PERCENT: "0" };

/** Rows of the doors that git uses: references, clones, pushes, memory, events. */
export async function gitRows(repositories: Repositories, data: string, main: Main, print: Print, quick: boolean) {
  const client = await GitClient.open();
  const rounds = quick ? 10 : 40;
  const withServer = (name: string, make: (server: ServerProcess) => AsyncIterable<Row>) =>
    async function* () {
      const server = await startServer(join(data, name), repositories.storage, OPEN_TO_ALL);
      try {
        yield* make(server);
      } finally {
        await server.stop();
      }
    };
  const copy = (name: string) => repositories.copy(main, name);
  try {
    await print(
      "git-references",
      withServer("git-references", async function* (server) {
        const few = repositories.withReferences(main, 300);
        const nginx = await startNginx(repositories.storage);
        try {
          yield* lsRefsRows(server.http, { few, many: repositories.withReferences(main, 10_000) }, nginx, 5 * rounds);
        } finally {
          await nginx?.close();
        }
        yield* lsRemoteRows(client, addressesOf(server, few.gitDir, few.target.relativePath), rounds);
      }),
    );
    await print(
      "git-clones",
      withServer("git-clones", (server) => cloneRows(server, client, copy)),
    );
    await print(
      "git-parts",
      withServer("git-parts", (server) => {
        const whole = copy("whole.git");
        runGit(whole.gitDir, ["config", "uploadpack.allowFilter", "true"]);
        const behind = copy("behind.git");
        const old = gitLines(behind.gitDir, ["rev-parse", "main~50"])[0]!;
        // Only what the old tip reaches is cloned from it.
        const others = gitLines(behind.gitDir, ["for-each-ref", "--format=delete %(refname)"]);
        runGit(behind.gitDir, ["update-ref", "--stdin"], `${others.join("\n")}\n`);
        runGit(behind.gitDir, ["update-ref", "refs/heads/main", old]);
        return partRows(server, client, whole, behind, quick ? 3 : 9);
      }),
    );
    await print(
      "git-pushes",
      withServer("git-pushes", (server) => pushRows(server, client, copy, quick ? 5 : 20)),
    );
    await print(
      "git-memory",
      withServer("git-memory", (server) =>
        transferMemoryRows(server, client, copy("large.git"), copy("receiving.git"), quick ? 128 : 1024),
      ),
    );
    await print(
      "events",
      withServer("events", (server) => subscriberRows(server, client, copy("watched.git"))),
    );
    await print(
      "live",
      withServer("live", async function* (server) {
        yield* streamRows(server, client, copy("streamed.git"));
        yield* firstResultRows(server, main, 5 * rounds);
      }),
    );
  } finally {
    client.close();
    for (const name of gitRepositoriesLeft(repositories)) rmSync(name, { recursive: true, force: true });
  }
}

/** Copies that only these rows use: they are large, and made anew each time. */
function gitRepositoriesLeft({ storage }: Repositories): string[] {
  const names = [...new Bun.Glob("{clone,push}-*.git").scanSync({ cwd: storage, onlyFiles: false })];
  return names.map((name) => join(storage, name));
}
