// The README's query: the lines, typed by a shell as they stand there.
import { expect, test } from "bun:test";
import { ReadmeShell } from "../support/readme-shell.ts";
import { startServer } from "../support/running-server.ts";

test("the lines of the README ask for a folder with its last commits", async () => {
  await using server = await startServer();
  using shell = new ReadmeShell(server);
  const [make = ""] = shell.blocksOf("A first repository, with git");
  const [query = ""] = shell.blocksOf("Ask for all at once with GraphQL");
  await shell.type(make);
  expect(JSON.parse(await shell.type(query))).toMatchObject({
    data: {
      repository: {
        defaultBranch: {
          name: "main",
          commit: {
            subject: "First commit",
            tree: { entries: { nodes: [{ path: "README.md", lastCommit: { subject: "First commit" } }] } },
          },
        },
      },
    },
  });
}, 60_000);
