import type { TemporaryRepository } from "./temporary-repository.ts";

/** An object with a fault, under the name that git fsck has for it (git-fsck(1), "FSCK MESSAGES"). */
export interface FaultyObject {
  readonly id: string;
  /** Writes the object, and what it needs to be whole but for its fault; gives the objects to send. */
  write(repository: TemporaryRepository): Promise<string[]>;
}

const WHO = "Jane Doe <jane@example.com> 1700000000 +0000";
const EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

function commit(id: string, text: (oid: string) => string): FaultyObject {
  return {
    id,
    async write(repository) {
      await repository.writeObject("tree", "");
      const commitOid = await repository.writeObject("commit", text(EMPTY_TREE));
      return [EMPTY_TREE, commitOid];
    },
  };
}

/** A commit whose author line is at fault. */
const author = (id: string, line: string) =>
  commit(id, (tree) => `tree ${tree}\nauthor ${line}\ncommitter ${WHO}\n\nx\n`);

function tag(id: string, text: (oid: string) => string): FaultyObject {
  return {
    id,
    async write(repository) {
      await repository.writeObject("tree", "");
      return [EMPTY_TREE, await repository.writeObject("tag", text(EMPTY_TREE))];
    },
  };
}

type Entry = readonly [mode: string, name: string, content?: string];

function tree(id: string, entries: readonly Entry[]): FaultyObject {
  return {
    id,
    async write(repository) {
      const oids: string[] = [];
      const parts: Buffer[] = [];
      for (const [mode, name, content = "x\n"] of entries) {
        const isTree = mode.endsWith("40000");
        const oid =
          content === "null"
            ? "0".repeat(40)
            : await repository.writeObject(isTree ? "tree" : "blob", isTree ? "" : content);
        if (content !== "null") oids.push(oid);
        parts.push(Buffer.from(`${mode} ${name}\0`, "latin1"), Buffer.from(oid, "hex"));
      }
      return [...new Set(oids), await repository.writeObject("tree", Buffer.concat(parts))];
    },
  };
}

const gitmodules = (id: string, content: string) => tree(id, [["100644", ".gitmodules", content]]);

/** What git fsck --strict calls an error and an object alone can have, besides the three that servers let pass. */
export const FAULTY_OBJECTS: readonly FaultyObject[] = [
  commit("nulInHeader", (oid) => `tree ${oid}\nauthor ${WHO}\ncommit\0ter ${WHO}\n\nx\n`),
  commit("unterminatedHeader", (oid) => `tree ${oid}\nauthor ${WHO}\ncommitter ${WHO}`),
  author("badDate", "Jane Doe <jane@example.com> x1700000000 +0000"),
  author("badDateOverflow", "Jane Doe <jane@example.com> 18446744073709551616 +0000"),
  author("badEmail", "Jane Doe <jane@example.com 1700000000 +0000"),
  author("badName", "Jane> Doe <jane@example.com> 1700000000 +0000"),
  author("missingEmail", "Jane Doe"),
  author("missingNameBeforeEmail", "<jane@example.com> 1700000000 +0000"),
  author("missingSpaceBeforeEmail", "Jane Doe<jane@example.com> 1700000000 +0000"),
  author("zeroPaddedDate", "Jane Doe <jane@example.com> 01700000000 +0000"),
  commit("badParentSha1", (oid) => `tree ${oid}\nparent 12345\nauthor ${WHO}\ncommitter ${WHO}\n\nx\n`),
  commit("badTreeSha1", () => `tree 12345\nauthor ${WHO}\ncommitter ${WHO}\n\nx\n`),
  commit("missingTree", () => `author ${WHO}\ncommitter ${WHO}\n\nx\n`),
  commit("missingAuthor", (oid) => `tree ${oid}\ncommitter ${WHO}\n\nx\n`),
  commit("multipleAuthors", (oid) => `tree ${oid}\nauthor ${WHO}\nauthor ${WHO}\ncommitter ${WHO}\n\nx\n`),
  commit("missingCommitter", (oid) => `tree ${oid}\nauthor ${WHO}\n\nx\n`),
  commit("nulInCommit", (oid) => `tree ${oid}\nauthor ${WHO}\ncommitter ${WHO}\n\nx\0y\n`),
  tag("badObjectSha1", () => `object 12345\ntype tree\ntag v1\ntagger ${WHO}\n\nx\n`),
  tag("missingObject", () => `type tree\ntag v1\ntagger ${WHO}\n\nx\n`),
  tag("missingTypeEntry", (oid) => `object ${oid}\ntag v1\ntagger ${WHO}\n\nx\n`),
  tag("missingTagEntry", (oid) => `object ${oid}\ntype tree\ntagger ${WHO}\n\nx\n`),
  tag("badType", (oid) => `object ${oid}\ntype tre\ntag v1\ntagger ${WHO}\n\nx\n`),
  tag("missingNameBeforeEmail of a tagger", (oid) => `object ${oid}\ntype tree\ntag v1\ntagger <a> 1 +0000\n\nx\n`),
  {
    id: "badTree",
    write: async (repository) => [await repository.writeObject("tree", "100644 cut off\0abc")],
  },
  tree("duplicateEntries", [
    ["100644", "a"],
    ["100644", "a", "y\n"],
  ]),
  tree("treeNotSorted", [
    ["100644", "b"],
    ["100644", "a"],
  ]),
  tree("emptyName", [["100644", ""]]),
  tree("fullPathname", [["100644", "a/b"]]),
  tree("hasDot", [["40000", "."]]),
  tree("hasDotdot", [["40000", ".."]]),
  tree("hasDotgit", [["40000", ".git"]]),
  tree("hasDotgit on HFS+", [["40000", ".g\xe2\x80\x8cit"]]),
  tree("hasDotgit on NTFS", [["40000", "GIT~1"]]),
  tree("nullSha1", [["100644", "a", "null"]]),
  tree("gitmodulesBlob", [["40000", ".gitmodules"]]),
  tree("gitmodulesSymlink", [["120000", ".gitmodules", "target"]]),
  tree("gitattributesBlob", [["40000", ".gitattributes"]]),
  gitmodules("gitmodulesName", '[submodule "../../x"]\n\tpath = x\n\turl = https://example.com/x\n'),
  gitmodules("gitmodulesUrl", '[submodule "x"]\n\tpath = x\n\turl = --upload-pack=touch\n'),
  gitmodules("gitmodulesPath", '[submodule "x"]\n\tpath = --x\n\turl = https://example.com/x\n'),
  gitmodules("gitmodulesUpdate", '[submodule "x"]\n\tpath = x\n\turl = https://example.com/x\n\tupdate = !touch\n'),
  tree("gitattributesLineLength", [["100644", ".gitattributes", `* ${"a".repeat(3000)}\n`]]),
  tree("gitattributesLarge", [["100644", ".gitattributes", "* text\n".repeat(15_000_000)]]),
];

/** What common, old tools have made. */
export const LEGACY_OBJECTS: readonly FaultyObject[] = [
  author("badTimezone", "Jane Doe <jane@example.com> 1700000000 +051800"),
  author("missingSpaceBeforeDate", "Jane Doe <jane@example.com>1700000000 +0000"),
  tree("zeroPaddedFilemode", [["0100644", "a"]]),
];

/** What git fsck --strict only mentions. */
export const HARMLESS_OBJECTS: readonly FaultyObject[] = [
  tree("badFilemode", [["100664", "a"]]),
  tree("gitignoreSymlink", [["120000", ".gitignore", "target"]]),
  tag("missingTaggerEntry", (oid) => `object ${oid}\ntype tree\ntag v1\n\nx\n`),
  tag("badTagName", (oid) => `object ${oid}\ntype tree\ntag v 1\ntagger ${WHO}\n\nx\n`),
  gitmodules("gitmodulesParse", "[submodule\n"),
];
