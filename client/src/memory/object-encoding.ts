import { type ByteString, compareBytes, toBytes } from "./byte-string.ts";
import { type Commit, MODE_TREE, type ObjectType, type TagObject, type TreeItem } from "./git-object.ts";
import { secondsOf } from "./identity.ts";

/** The content of a tree object, its lines in Git's order: folders sort as if their names ended in a slash. */
export function encodeTree(items: Iterable<TreeItem>): Uint8Array {
  const sorted = [...items].sort((a, b) => compareBytes(sortKey(a), sortKey(b)));
  return Buffer.concat(
    sorted.flatMap(({ mode, name, id }) => [toBytes(`${mode.toString(8)} ${name}\0`), Buffer.from(id, "hex")]),
  );
}

function sortKey({ mode, name }: TreeItem): ByteString {
  return mode === MODE_TREE ? `${name}/` : name;
}

/** The lines of a tree object; `idBytes` is the length of an id, 20 or 32. */
export function parseTree(content: Uint8Array, idBytes: number): TreeItem[] {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const items: TreeItem[] = [];
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const end = bytes.indexOf(0, space);
    items.push({
      mode: Number.parseInt(bytes.toString("latin1", at, space), 8),
      name: bytes.toString("latin1", space + 1, end),
      id: bytes.toString("hex", end + 1, end + 1 + idBytes),
    });
    at = end + 1 + idBytes;
  }
  return items;
}

/** What a commit is made of. */
export type CommitParts = Omit<Commit, "id" | "seconds">;

export function encodeCommit(parts: CommitParts): Uint8Array {
  const parents = parts.parentIds.map((id) => `parent ${id}\n`).join("");
  return toBytes(
    `tree ${parts.treeId}\n${parents}author ${parts.author}\ncommitter ${parts.committer}\n\n${parts.message}`,
  );
}

export function parseCommit(id: string, content: Uint8Array): Commit {
  const { headers, message } = parseHeaders(content);
  const values = (name: string) => headers.filter(([key]) => key === name).map(([, value]) => value);
  const committer = values("committer")[0] ?? "";
  return {
    id,
    treeId: values("tree")[0] ?? "",
    parentIds: values("parent"),
    author: values("author")[0] ?? "",
    committer,
    message,
    seconds: secondsOf(committer),
  };
}

export function encodeTag(parts: TagObject & { readonly name: ByteString }): Uint8Array {
  const { targetId, targetType, name, tagger, message } = parts;
  return toBytes(`object ${targetId}\ntype ${targetType}\ntag ${name}\ntagger ${tagger}\n\n${message}`);
}

export function parseTag(content: Uint8Array): TagObject {
  const { headers, message } = parseHeaders(content);
  const value = (name: string) => headers.find(([key]) => key === name)?.[1] ?? "";
  return { targetId: value("object"), targetType: value("type") as ObjectType, tagger: value("tagger"), message };
}

function parseHeaders(content: Uint8Array): { headers: [string, ByteString][]; message: ByteString } {
  const text = Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString("latin1");
  const end = text.indexOf("\n\n");
  const headers = text
    .slice(0, end)
    .split("\n")
    .map((line): [string, ByteString] => {
      const space = line.indexOf(" ");
      return [line.slice(0, space), line.slice(space + 1)];
    });
  return { headers, message: text.slice(end + 2) };
}
