// An agent's whole day over MCP alone, against a real server; then two of them side by side.
import { describe, expect, test } from "bun:test";
import { Agent } from "../support/agent.ts";
import { type RunningServer, startServer } from "../support/running-server.ts";
import { TemporaryRepository } from "../support/temporary-repository.ts";

const ADMIN = "story-admin-token";
const REPO = "alice/shop";
const FILES = Array.from({ length: 10 }, (_, at) => `src/part-${at}.ts`);
const LONG_MS = "600000";

const serverOn = (backend: string, autocommitMs = LONG_MS): Promise<RunningServer> =>
  startServer({
    env: { GIT_BACKEND: backend, HOLDFAST_ADMIN_TOKEN: ADMIN, HOLDFAST_SESSION_AUTOCOMMIT_MS: autocommitMs },
  });

/** Somebody makes users, a repository and tokens: also over MCP. */
async function prepare(server: RunningServer, ...names: string[]): Promise<Agent[]> {
  const http = server.addresses["http"]!;
  await using admin = await Agent.connect(http, ADMIN, "all");
  await admin.call("create_user", { name: "alice" });
  await admin.call("create_repository", { repo: REPO });
  const actions = [...FILES, "README.md"].map((path) => ({
    action: "create",
    path,
    content: `// ${path}\nexport const price = 1;\n`,
  }));
  await admin.call("create_commit", { repo: REPO, branch: "main", message: "Begin", actions });
  const agents: Agent[] = [];
  for (const name of names) {
    const { token } = await admin.call("create_token", { user: "alice", name });
    agents.push(await Agent.connect(http, token as string));
  }
  return agents;
}

/** The content of a session's file. */
const read = async (agent: Agent, session: string, path: string): Promise<string> =>
  (await agent.call("read_worktree_file", { repo: REPO, session, path }))["content"] as string;

for (const backend of ["libgit2", "shell"]) {
  describe(`an agent's day on ${backend}`, () => {
    test("a session from its opening to the event of its push", async () => {
      await using server = await serverOn(backend);
      const [agent] = (await prepare(server, "agent")) as [Agent];
      const offered = (await agent.client.listTools()).tools.map(({ name }) => name);

      const { items } = await agent.call("browse_repositories", {});
      expect(items).toMatchObject([{ full_name: REPO }]);
      const watched = "holdfast://alice%2Fshop/main/README.md";
      await agent.client.listen({ resourceSubscriptions: [watched] });

      const opened = await agent.call("open_session", { repo: REPO, branch: "main" });
      const session = opened["id"] as string;
      const inSession = { repo: REPO, session };
      const found = await agent.call("search_files", { repo: REPO, rev: opened["head"], pattern: "price" });
      expect((found["items"] as { path: string }[]).map(({ path }) => path)).toEqual(["README.md", ...FILES]);

      for (const path of FILES) {
        const content = (await read(agent, session, path)).replace("price = 1", "price = 2");
        await agent.call("write_worktree_file", { ...inSession, path, content });
      }
      await agent.call("write_worktree_file", { ...inSession, path: "CHANGES.md", content: "Prices are up.\n" });
      const status = await agent.call("worktree_status", inSession);
      expect((status["items"] as object[]).length).toBe(FILES.length + 1);
      const diff = await agent.call("show_worktree_diff", inSession);
      expect(diff).toMatchObject({ additions: FILES.length, deletions: FILES.length });

      // First a part of it, by a patch of what is staged; then the rest.
      const patch = [
        `--- a/${FILES[0]}`,
        `+++ b/${FILES[0]}`,
        "@@ -2 +2 @@",
        "-export const price = 1;",
        "+export const price = 2;",
      ];
      await agent.call("stage_patch", { ...inSession, patch: `${patch.join("\n")}\n` });
      expect((await agent.call("show_staged_diff", inSession))["files"]).toMatchObject([{ path: FILES[0] }]);
      const first = await agent.call("commit_worktree", { ...inSession, message: "Raise the first price" });
      const second = await agent.call("commit_worktree", {
        ...inSession,
        all: true,
        message: "Raise the other prices",
      });
      expect(second["parent"]).toBe(first["commit"]);
      expect(await agent.failure("commit_worktree", { ...inSession, all: true, message: "Again" })).toMatchObject({
        reason: "nothing_to_commit",
        next_step: expect.stringContaining("push_session") as string,
      });

      const before = await agent.call("list_events", {});
      const since = (before["items"] as { event_id: string }[]).at(-1)!.event_id;
      const pushed = await agent.call("push_session", inSession);
      expect(pushed).toMatchObject({ branch: "main", new: second["commit"] });
      await agent.hears(1);
      expect(agent.heard).toEqual([watched]);
      const { items: events } = await agent.call("list_events", { since, limit: 10 });
      expect((events as Record<string, unknown>[])[0]).toMatchObject({
        event: "push",
        data: {
          repo: REPO,
          ref: "refs/heads/main",
          new: second["commit"],
          actor: "alice",
          door: "mcp",
          commit_count: 2,
        },
      });
      const { items: log } = await agent.call("show_log", { repo: REPO });
      expect(log).toMatchObject([
        { subject: "Raise the other prices" },
        { subject: "Raise the first price" },
        { subject: "Begin" },
      ]);
      await agent.call("close_session", inSession);
      expect(await agent.failure("worktree_status", inSession)).toMatchObject({ reason: "session_not_found" });

      const used = [
        "open_session",
        "write_worktree_file",
        "stage_patch",
        "push_session",
        "list_events",
        "close_session",
      ];
      expect(used.filter((name) => !offered.includes(name))).toEqual([]);
      const repository = TemporaryRepository.at(`${server.storage}/${REPO}.git`);
      expect(await repository.text(["show", `main:${FILES[9]}`])).toContain("price = 2");
      expect(await repository.text(["fsck", "--strict"])).toBe("");
    }, 120_000);

    test("two agents side by side see nothing of each other before they push; who comes second is told what to do", async () => {
      await using server = await serverOn(backend);
      const [one, two] = (await prepare(server, "one", "two")) as [Agent, Agent];
      const open = async (agent: Agent) =>
        (await agent.call("open_session", { repo: REPO, branch: "main" }))["id"] as string;
      const [first, second] = [await open(one), await open(two)];
      const change = async (agent: Agent, session: string, content: string) => {
        await agent.call("write_worktree_file", { repo: REPO, session, path: "README.md", content });
        await agent.call("commit_worktree", { repo: REPO, session, all: true, message: content });
      };
      await Promise.all([change(one, first, "one\n"), change(two, second, "two\n")]);
      expect(await read(one, first, "README.md")).toBe("one\n");
      expect(await read(two, second, "README.md")).toBe("two\n");
      await one.call("push_session", { repo: REPO, session: first });
      const late = await two.failure("push_session", { repo: REPO, session: second });
      expect(late).toMatchObject({ reason: "reference_mismatch", retry: "refresh" });
      expect(late["next_step"]).toContain("Your commits stay in the session");
      expect(await read(two, second, "README.md")).toBe("two\n");
      // Another connection goes on with the session: it pushes to a branch of its own.
      await two.client.close();
      await using admin = await Agent.connect(server.addresses["http"]!, ADMIN, "all");
      const { token } = await admin.call("create_token", { user: "alice", name: "three" });
      await using three = await Agent.connect(server.addresses["http"]!, token as string);
      const pushed = await three.call("push_session", { repo: REPO, session: second, branch: "two" });
      expect(pushed).toMatchObject({ branch: "two" });
      const { content } = await three.call("get_blob", { repo: REPO, rev: "two", path: "README.md" });
      expect(content).toBe("two\n");
    }, 120_000);

    test("what an agent leaves lying is committed and pushed by itself", async () => {
      await using server = await serverOn(backend, "300");
      const [agent] = (await prepare(server, "agent")) as [Agent];
      await agent.client.listen({ resourceSubscriptions: ["holdfast://alice%2Fshop/main/README.md"] });
      const { id: session } = await agent.call("open_session", { repo: REPO, branch: "main" });
      await agent.call("write_worktree_file", { repo: REPO, session, path: "left.txt", content: "left\n" });
      await agent.hears(1);
      expect(await agent.call("get_blob", { repo: REPO, path: "left.txt" })).toMatchObject({ content: "left\n" });
      expect(await agent.call("worktree_status", { repo: REPO, session })).toMatchObject({ clean: true });
    }, 120_000);
  });
}
