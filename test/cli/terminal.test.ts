import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { ROOT } from "../support/source-tree.ts";

const TERMINAL = join(ROOT, "src", "cli", "terminal.ts");
const LINES = 50_000;

/** A program that prints more than a pipe holds, says so on stderr, and exits when all has been taken. */
const PROGRAM = `
  import { processTerminal } from ${JSON.stringify(TERMINAL)};
  const terminal = processTerminal();
  for (let n = 0; n < ${LINES}; n++) terminal.print("line " + n);
  terminal.remark("printed");
  await terminal.flush();
  process.exit(0);
`;

const start = () => Bun.spawn([process.execPath, "-e", PROGRAM], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });

describe("processTerminal", () => {
  test("loses nothing of what was printed before an exit", async () => {
    const child = start();
    const { value } = await child.stderr.getReader().read();
    expect(Buffer.from(value!).toString()).toBe("printed\n");
    const lines = (await new Response(child.stdout).text()).trimEnd().split("\n");
    expect([lines.length, lines.at(-1)]).toEqual([LINES, `line ${LINES - 1}`]);
    expect(await child.exited).toBe(0);
  });

  test("ends quietly when its reader has gone, as SIGPIPE would end it", async () => {
    const child = start();
    const reader = child.stdout.getReader();
    await reader.read();
    await reader.cancel();
    expect(await child.exited).toBe(141);
    expect(await new Response(child.stderr).text()).toMatch(/^(printed\n)?$/);
  });
});
