import type { BenchRepository } from "./bench-context.ts";
import { runGit } from "./git-reference.ts";
import { median, timed } from "./measure.ts";
import { apiRequest, RawHttp } from "./raw-http.ts";
import { type Place, placesOf } from "./rest-fixture.ts";
import { inTurn } from "./rows-mcp.ts";
import { nameOf, rateOf, type RestSize } from "./rows-rest.ts";
import { atLeast, atMost, ms, perSecond, type Row } from "./table.ts";

const AT_ONCE = 16;
/** A server that has just started translates its own code first, and a query has more of it than a route. */
const WARM_UP = 15_000;
const RATIO_MIN = 0.5;

const BLOB =
  "query ($repo: ID!, $rev: Bytes!, $path: Bytes!) { getFile(repo: $repo, rev: $rev, path: $path) { content } }";
const FOLDER_QUERY = `query ($repo: ID!, $rev: Bytes!, $path: Bytes!) {
  listFiles(repo: $repo, rev: $rev, path: $path, limit: 100) {
    items { path size lastCommit { oid subject author { name email date } } }
  }
}`;

/** A folder of a hundred files that many commits have changed, one file each. */
const FOLDER = { branch: "folder", path: "hundred", files: 100, commits: 400 } as const;
const FOLDER_ROUNDS = 7;

/** A file by its path, and a folder with what its files are, against the same over REST. `repository` is written to. */
export async function* graphqlRows(
  http: string,
  main: BenchRepository,
  repository: BenchRepository,
  { reads }: RestSize,
): AsyncGenerator<Row> {
  const places = placesOf(main.gitDir, reads);
  const repo = decodeURIComponent(nameOf(main));
  const rest = places.map(({ commit, path }) =>
    apiRequest(http, "GET", `/v1/repos/${nameOf(main)}/blob?rev=${commit}&path=${encodeURIComponent(path)}`),
  );
  const graphql = places.map(({ commit, path }: Place) => query(http, BLOB, { repo, rev: commit, path }));
  const connections = await Promise.all(Array.from({ length: AT_ONCE }, () => RawHttp.open(http)));
  for (const requests of [rest, graphql])
    await rateOf(connections, {
      requests: Array.from({ length: WARM_UP }, (_, n) => requests[n % requests.length]!),
      status: 200,
    });
  for (const atOnce of [1, AT_ONCE]) {
    const { measured, reference } = await inTurn(connections.slice(0, atOnce), graphql, rest);
    yield atLeast(`GraphQL blob, ${atOnce} at once`, measured, reference, RATIO_MIN, perSecond);
  }
  yield await folderRow(http, connections[0]!, repository);
  for (const connection of connections) connection.close();
}

/** One query for a hundred files against a request for each. */
async function folderRow(http: string, connection: RawHttp, repository: BenchRepository): Promise<Row> {
  importFolder(repository);
  const { branch, path, files } = FOLDER;
  const name = nameOf(repository);
  const whole = query(http, FOLDER_QUERY, { repo: decodeURIComponent(name), rev: branch, path });
  const single = Array.from({ length: files }, (_, n) =>
    apiRequest(http, "GET", `/v1/repos/${name}/log?rev=${branch}&path=${path}/file-${n}.txt&limit=1`),
  );
  const [measured, reference]: [number[], number[]] = [[], []];
  await connection.send(whole);
  for (let round = 0; round < FOLDER_ROUNDS; round++) {
    measured.push(await timed(() => connection.send(whole)));
    reference.push(
      await timed(async () => {
        for (const request of single) await connection.send(request);
      }),
    );
  }
  return atMost("GraphQL folder of 100, last commits", median(measured), median(reference), 0.1, ms);
}

const query = (http: string, text: string, variables: object): Buffer =>
  apiRequest(http, "POST", "/graphql", { body: { query: text, variables } });

function importFolder({ gitDir }: BenchRepository): void {
  const { branch, path, files, commits } = FOLDER;
  const parts: string[] = [];
  for (let n = 0; n < commits; n++) {
    const from = n === 0 ? "from refs/heads/main^0\n" : "";
    const changed = n === 0 ? Array.from({ length: files }, (_, file) => file) : [(n * 37) % files];
    const edits = changed.map((file) => {
      const content = `file ${file} of commit ${n}\n`;
      return `M 100644 inline ${path}/file-${file}.txt\ndata ${content.length}\n${content}\n`;
    });
    parts.push(
      `commit refs/heads/${branch}\ncommitter Jane Doe <jane@example.com> ${1_650_000_000 + n} +0000\n` +
        `data 5\nEdit\n${from}${edits.join("")}\n`,
    );
  }
  runGit(gitDir, ["fast-import", "--quiet"], parts.join(""));
  runGit(gitDir, ["commit-graph", "write", "--reachable"]);
}
