import type { OpenRepository } from "../../contract/context.ts";
import { Mailmap } from "../../domain/mailmap.ts";
import type { Oid } from "../../domain/oid.ts";

const MAILMAP_PATH = ".mailmap";

/** A larger mailmap is read only so far. */
const MAILMAP_BYTES_MAX = 4 * 1024 * 1024;
const HEADS_MAX = 4096;
const MAILMAPS_MAX = 64;

// Both maps go from ids of objects to what those objects hold, so nothing in them can become stale.
const blobOfHead = new Map<Oid, Oid | undefined>();
const mailmapOfBlob = new Map<Oid, Mailmap>();

/** The mailmap that reads apply: `.mailmap` in the tree of HEAD's commit. Undefined when there is none. */
export async function mailmapOfHead(repository: OpenRepository): Promise<Mailmap | undefined> {
  const { git, view } = repository;
  const { oid: head } = await git.refs.head(view);
  if (head === undefined) return undefined;
  if (!blobOfHead.has(head)) remember(blobOfHead, head, await findBlob(repository, head), HEADS_MAX);
  const blob = blobOfHead.get(head);
  if (blob === undefined) return undefined;
  let mailmap = mailmapOfBlob.get(blob);
  if (mailmap === undefined) {
    const object = await git.objects.read(view, blob, MAILMAP_BYTES_MAX);
    if (object === undefined) return undefined;
    mailmap = Mailmap.parse(object.content);
    remember(mailmapOfBlob, blob, mailmap, MAILMAPS_MAX);
  }
  return mailmap;
}

async function findBlob({ git, view }: OpenRepository, head: Oid): Promise<Oid | undefined> {
  const entry = await git.objects.treeEntry(view, head, MAILMAP_PATH);
  return entry?.type === "blob" ? entry.oid : undefined;
}

/** Puts an entry into a map that forgets its oldest ones. */
function remember<K, V>(map: Map<K, V>, key: K, value: V, entriesMax: number): void {
  map.set(key, value);
  if (map.size <= entriesMax) return;
  const oldest = map.keys().next();
  if (oldest.done !== true) map.delete(oldest.value);
}
