// Messages to `holdfast mcp` that are longer than it takes: each is refused by itself, and what stands round them is served.
import { describe, expect, test } from "bun:test";
import { inputLines } from "../../src/cli/input-lines.ts";
import { McpBridge, type McpEndpoint } from "../../src/cli/mcp-bridge.ts";

const MAX = 20_000;

async function* piecesOf(text: string, bytes: number): AsyncGenerator<Uint8Array> {
  const whole = Buffer.from(text);
  for (let at = 0; at < whole.length; at += bytes) yield whole.subarray(at, at + bytes);
}

/** What a bridge answers to lines, where the server answers each message with its id. */
async function answersTo(lines: readonly string[], pieceBytes: number): Promise<Record<string, unknown>[]> {
  const written: string[] = [];
  const endpoint: McpEndpoint = {
    post: async (body) => Response.json({ jsonrpc: "2.0", id: (JSON.parse(body) as { id: unknown }).id, result: {} }),
    get: () => Promise.reject(new Error("nobody listens here")),
    isServed: async () => true,
  };
  const bridge = new McpBridge(endpoint, async (line) => void written.push(line));
  for await (const line of inputLines(piecesOf(`${lines.join("\n")}\n`, pieceBytes), MAX)) bridge.take(line);
  await bridge.end(1000);
  return written.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe("a line that is too long", () => {
  const params = { name: "write_worktree_file", arguments: { content: 'x"id":1}é'.repeat(MAX) } };
  const [jsonrpc, method] = ["2.0", "tools/call"];
  const LONG: readonly (readonly [string, object, string | number | null])[] = [
    ["whose id stands behind", { method, params, jsonrpc, id: 5 }, 5],
    ["whose id stands behind, before the version", { method, params, id: "a b", jsonrpc }, "a b"],
    ["whose id stands before", { jsonrpc, id: "b-6", method, params }, "b-6"],
    ["whose id stands before, behind its method", { method, id: 7, jsonrpc, params }, 7],
    ["whose id stands nowhere", { jsonrpc, method, params }, null],
    ["whose id is none", { jsonrpc, id: "\u0001", method, params }, null],
  ];
  for (const [what, message, id] of LONG)
    test(`${what} is an error with it; the lines round it are answered`, async () => {
      const ping = (at: number) => JSON.stringify({ jsonrpc, id: at, method: "ping" });
      const lines = [ping(100), JSON.stringify(message), ping(101)];
      for (const pieceBytes of [1000, 65_536, 1 << 24]) {
        const answers = await answersTo(lines, pieceBytes);
        expect(answers.filter(({ result }) => result !== undefined).map((answer) => answer["id"])).toEqual([100, 101]);
        expect(answers.filter(({ error }) => error !== undefined)).toMatchObject([
          {
            id,
            error: {
              code: -32000,
              data: {
                reason: "too_large",
                details: { size_bytes: Buffer.byteLength(lines[1]!) },
                next_step: expect.stringContaining("Send less") as string,
              },
            },
          },
        ]);
      }
    });

  test("of exactly the longest is none yet, and is taken whole", async () => {
    const text = JSON.stringify({ jsonrpc, id: 1, method: "ping", params: { pad: "" } });
    const padded = (bytes: number) => text.replace('""', `"${"x".repeat(bytes - text.length)}"`);
    expect(await answersTo([padded(MAX)], 777)).toMatchObject([{ id: 1, result: {} }]);
    expect(await answersTo([padded(MAX + 1)], 777)).toMatchObject([{ id: 1, error: { code: -32000 } }]);
  });
});
