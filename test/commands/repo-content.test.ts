// What commands show of a repository, with real git as the referee.
import { describe, expect, test } from "bun:test";
import { CommandStory } from "../support/command-story.ts";
import { BACKENDS } from "../support/operation-story.ts";

const FILES = {
  "README.md": "one\n",
  "docs/a b.txt": "text\n",
  "docs/deep/binary": Buffer.from([0x61, 0, 0xff, 0x0a]),
  "bad\xff\tname": "x",
  "gr\xc3\xbc\xc3\x9fe.txt": "Stra\u00dfe\n",
};

describe.each([...BACKENDS])("repo tree, blob, commit on %s", (backend) => {
  test.each(["sha1", "sha256"] as const)("show what git shows, in %s", async (format) => {
    const story = await CommandStory.open(backend);
    try {
      const git = await story.repository("alice/content", { format });
      const first = await git.commit({ files: FILES, message: "first\n\nwith a body\nof lines\n" });
      const second = await git.commit({ files: { ...FILES, "README.md": "one\ntwo\n" }, seconds: 1_700_003_600 });

      const lsTree = (args: string[]) => git.git(["-c", "core.quotePath=false", "ls-tree", ...args]);
      expect((await story.run(["repo", "tree", "alice/content"])).bytes).toEqual(quotedAsWeDo(await lsTree(["HEAD"])));
      expect((await story.run(["repo", "tree", "-r", "alice/content", first, "/"])).bytes).toEqual(
        quotedAsWeDo(await lsTree(["-r", "-t", first])),
      );
      expect((await story.run(["repo", "tree", "alice/content", first, "/docs/"])).bytes).toEqual(
        await lsTree([first, "docs/"]),
      );
      expect(await story.json("repo tree alice/content docs")).toEqual([
        { path: "docs/a b.txt", mode: "100644", type: "blob", oid: await git.text(["rev-parse", "HEAD:docs/a b.txt"]) },
        { path: "docs/deep", mode: "040000", type: "tree", oid: await git.text(["rev-parse", "HEAD:docs/deep"]) },
      ]);

      expect((await story.run(["repo", "blob", "alice/content", "docs/deep/binary"])).bytes).toEqual(
        Buffer.from(FILES["docs/deep/binary"]),
      );
      expect(await story.ask(`repo blob alice/content ${first} README.md`)).toBe("one");
      expect(await story.ask("repo blob alice/content grüße.txt")).toBe("Straße");
      expect(await story.json("repo blob alice/content docs/deep/binary")).toMatchObject({
        path: "docs/deep/binary",
        mode: "100644",
        size: 4,
        content: { base64: "YQD/Cg==" },
      });
      expect(await story.ask('repo blob alice/content "bad\\377\\tname"')).toBe("x");
      expect(await story.json('repo blob alice/content "gr\\303\\274ße.txt"')).toMatchObject({ path: "grüße.txt" });
      expect(await story.refusal("repo blob alice/content docs")).toBe("1 docs is a folder, and no file");
      expect(await story.refusal("repo blob alice/content nothing")).toBe("1 path not found: nothing");

      for (const revision of [first, second]) {
        const shown = (await story.run(["repo", "commit", "alice/content", revision])).bytes;
        const head = await git.git(["show", "-s", revision]);
        const patch = await git.git(["show", "--format=", "--patch", "--full-index", revision]);
        expect(shown.subarray(0, head.length)).toEqual(head);
        expect(shown.subarray(shown.length - patch.length)).toEqual(patch);
        const between = shown.subarray(head.length, shown.length - patch.length).toString();
        const sum = await git.text(["show", "--format=", "--shortstat", revision]);
        expect(between).toStartWith("---\n");
        expect(between).toEndWith(`${sum}\n\n`);
      }
      const { parents, patch, files } = (await story.json("repo commit alice/content main")) as Record<string, unknown>;
      expect(parents).toEqual([first]);
      expect(files).toEqual([{ path: "README.md", additions: 1, deletions: 0 }]);
      expect(patch).toBe((await git.git(["show", "--format=", "--full-index", "main"])).toString());
      expect(await story.json("repo commit alice/content main --no-patch")).not.toHaveProperty("patch");
      expect(await story.refusal("repo commit alice/content nothing")).toBe("1 no commit is named nothing");
    } finally {
      await story.close();
    }
  });
});

/** git leaves bytes above 0x7f alone when it is told to; where a name has to be quoted we quote all that is not ASCII. */
const quotedAsWeDo = (listing: Buffer): Buffer =>
  Buffer.from(listing.toString("latin1").replace("bad\xff\\t", "bad\\377\\t"), "latin1");

test("people who write commits cannot steer the terminal of who reads them", async () => {
  const story = await CommandStory.open();
  try {
    const git = await story.repository("alice/evil");
    await git.commit({ author: "\x1b[2JEve <e@x>", message: "\x1b]0;owned\x07title\n", files: { "a\x1b[31m": "x" } });
    for (const words of ["repo tree alice/evil", "repo commit alice/evil main --no-patch"])
      expect(await story.ask(words)).not.toContain("\x1b");
  } finally {
    await story.close();
  }
});

test("a commit without parents, changes or an end of line, and one with two parents", async () => {
  const story = await CommandStory.open();
  try {
    const git = await story.repository("alice/odd");
    const root = await git.commit({ message: "no end of line" });
    const side = await git.commit({ branch: "side", parents: [root], files: { side: "1\n" } });
    const merge = await git.commit({ parents: [root, side], message: "merge\n", files: { side: "1\n" } });
    expect((await story.run(["repo", "commit", "alice/odd", root])).stdout).toEndWith(
      "no end of line\n---\n 0 files changed\n",
    );
    const shown = await story.ask(`repo commit alice/odd ${merge}`);
    expect(shown).toStartWith(await git.text(["show", "-s", "--abbrev=7", merge]));
    expect(shown).toEndWith("+1");
  } finally {
    await story.close();
  }
});
