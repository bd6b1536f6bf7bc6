import type { BenchRepository } from "./bench-context.ts";
import { median } from "./measure.ts";
import { apiRequest, RawHttp } from "./raw-http.ts";
import { type Place, placesOf } from "./rest-fixture.ts";
import { rateOf, type RestSize } from "./rows-rest.ts";
import { atLeast, perSecond, type Row } from "./table.ts";

const AT_ONCE = 16;
const ROUNDS = 5;
/** A server that has just started translates its own code first. */
const WARM_UP = 1_000;
const RATIO_MIN = 0.3;

/** What clients of 2026 say with each message. */
const ENVELOPE = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "bench", version: "0" },
  "io.modelcontextprotocol/clientCapabilities": {},
};
const HEADERS = ["Accept: application/json, text/event-stream"];
const HEADERS_OF = {
  2025: [...HEADERS, "MCP-Protocol-Version: 2025-11-25"],
  2026: [...HEADERS, "MCP-Protocol-Version: 2026-07-28", "Mcp-Method: tools/call", "Mcp-Name: get_blob"],
} as const;

/** A file by its path over MCP against the same over REST, over kept connections. */
export async function* mcpRows(http: string, main: BenchRepository, { reads }: RestSize): AsyncGenerator<Row> {
  const repo = main.target.relativePath.replace(/\.git$/, "");
  const places = placesOf(main.gitDir, reads);
  const rest = places.map(({ commit, path }) =>
    apiRequest(
      http,
      "GET",
      `/v1/repos/${encodeURIComponent(repo)}/blob?rev=${commit}&path=${encodeURIComponent(path)}`,
    ),
  );
  const mcp = (version: 2025 | 2026) =>
    places.map(({ commit, path }: Place, id) =>
      apiRequest(http, "POST", "/mcp", {
        headers: HEADERS_OF[version],
        body: {
          jsonrpc: "2.0",
          id,
          method: "tools/call",
          params: {
            name: "get_blob",
            arguments: { repo, rev: commit, path },
            ...(version === 2026 && { _meta: ENVELOPE }),
          },
        },
      }),
    );
  const connections = await Promise.all(Array.from({ length: AT_ONCE }, () => RawHttp.open(http)));
  await rateOf(connections, { requests: rest.slice(0, WARM_UP), status: 200 });
  for (const version of [2026, 2025] as const) {
    const requests = mcp(version);
    await rateOf(connections, { requests: requests.slice(0, WARM_UP), status: 200 });
    for (const atOnce of [1, AT_ONCE]) {
      const { measured, reference } = await inTurn(connections.slice(0, atOnce), requests, rest);
      yield atLeast(`MCP get_blob, ${version}, ${atOnce} at once`, measured, reference, RATIO_MIN, perSecond);
    }
  }
  for (const connection of connections) connection.close();
}

/** Rates of both, each measured several times in turn; the medians. */
export async function inTurn(
  connections: readonly RawHttp[],
  measured: readonly Buffer[],
  reference: readonly Buffer[],
) {
  const share = Math.ceil(measured.length / ROUNDS);
  const rates = { measured: [] as number[], reference: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    const part = (list: readonly Buffer[]) => ({
      requests: list.slice(round * share, (round + 1) * share),
      status: 200,
    });
    rates.reference.push(await rateOf(connections, part(reference)));
    rates.measured.push(await rateOf(connections, part(measured)));
  }
  return { measured: median(rates.measured), reference: median(rates.reference) };
}
