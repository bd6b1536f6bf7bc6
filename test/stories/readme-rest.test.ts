// The README's file that one curl changes, and its session: the lines, typed by a shell as they stand there.
import { expect, test } from "bun:test";
import { EACH_ONCE, install } from "../support/installation.ts";
import { ReadmeShell } from "../support/readme-shell.ts";
import { TemporaryRepository } from "../support/temporary-repository.ts";

test.each([...EACH_ONCE])(
  "the lines of the README change a file with one curl, show what came of it, and work in a session, %s",
  async (combination) => {
    await using installation = await install(combination);
    await using server = await installation.start();
    using shell = new ReadmeShell(server);
    const repository = TemporaryRepository.at(`${server.storage}/alice/hello.git`);
    const [make = ""] = shell.blocksOf("A first repository, with git");
    const [names = "", put = "", reads = "", session = ""] = shell.blocksOf("Change a file with one curl");

    await shell.type(make);
    // One shell types them all: what it has named stays.
    const answers = async (lines: string) => {
      const separated = lines.trim().replaceAll(/(?<!\\)\n/g, "\nprintf '\\0'\n");
      return (await shell.type(`${names}\n${separated}`)).split("\0");
    };
    const put1 = JSON.parse((await answers(put))[0] ?? "") as { commit: string };
    expect(put1).toMatchObject({ branch: "main", path: "notes/today.md" });
    expect(await repository.text(["rev-parse", "main"])).toBe(put1.commit);
    expect(await repository.text(["show", "main:notes/today.md"])).toBe("# Today");
    expect(await repository.text(["log", "-1", "--format=%an %s", "main"])).toBe("alice Notes of today");

    const [files = "", content, log = "", diff] = await answers(reads);
    const paths = (JSON.parse(files) as { items: { path: string }[] }).items.map(({ path }) => path);
    expect(paths).toEqual(["README.md", "notes", "notes/today.md"]);
    expect(content).toBe("# Today\n");
    expect((JSON.parse(log) as { items: object[] }).items).toMatchObject([
      { oid: put1.commit },
      { subject: "First commit" },
    ]);
    expect(diff?.trim()).toBe(await repository.text(["diff", "--full-index", "main~1", "main"]));

    const [, , status = "", committed = "", pushed = ""] = await answers(session);
    expect(JSON.parse(status)).toMatchObject({ clean: false, items: [{ path: "notes/tea.md" }] });
    const { commit } = JSON.parse(committed) as { commit: string };
    expect(JSON.parse(pushed)).toMatchObject({ branch: "main", old: put1.commit, new: commit });
    expect(await repository.text(["log", "--format=%s", "main"])).toBe("Tea\nNotes of today\nFirst commit");
    expect(await repository.text(["show", "main:notes/tea.md"])).toBe("Green, please.");
  },
  120_000,
);
