import type { OpenRepository } from "../../contract/context.ts";
import { ByteStringField, Maybe, OidField, type Static, Type } from "../../contract/fields.ts";
import { CommitField, TagField } from "../../contract/nouns.ts";
import type { Commit } from "../../domain/commit.ts";
import type { GitObject } from "../../domain/git-object.ts";
import type { Oid } from "../../domain/oid.ts";
import type { Reference } from "../../domain/reference.ts";
import { parseTag, type Tag } from "../../domain/tag.ts";
import { CommitReader } from "../commits/commit-reader.ts";
import { readSmallObjects } from "../references/read-small-objects.ts";

/** A tag, annotated or not, and the commit that it leads to. */
export const TagItemField = Type.Object({
  name: ByteStringField("Full name of the reference"),
  oid: OidField("The tag object, or the target of a lightweight tag"),
  tag: Maybe(TagField),
  commit: Maybe(CommitField),
});

type TagItem = Static<typeof TagItemField>;

/** Tags that are read and sent together. */
const BATCH_TAGS = 100;

/** Reads what tags point at, batch by batch. */
export async function* readTags(
  repository: OpenRepository,
  references: readonly Reference[],
): AsyncGenerator<TagItem[]> {
  if (references.length === 0) return;
  const reader = await CommitReader.open(repository);
  for (let at = 0; at < references.length; at += BATCH_TAGS) {
    yield await readBatch(repository, reader, references.slice(at, at + BATCH_TAGS));
  }
}

async function readBatch(
  repository: OpenRepository,
  reader: CommitReader,
  references: readonly Reference[],
): Promise<TagItem[]> {
  const objects = await readSmallObjects(
    repository,
    references.map(({ oid }) => oid),
  );
  const items: { name: string; oid: Oid; tag?: Tag; commit?: Commit }[] = [];
  // Tags of tags are followed one level for all tags of the batch at a time.
  let open: { readonly index: number; readonly target: Oid }[] = [];
  for (const [index, { name, oid }] of references.entries()) {
    const object = objects[index];
    items.push({ name, oid });
    if (object?.type === "tag") {
      const tag = parseTag(oid, object.content);
      items[index]!.tag = tag.tagger === undefined ? tag : { ...tag, tagger: reader.map(tag.tagger) };
      open.push({ index, target: tag.targetOid });
    } else setCommit(items[index]!, reader, object);
  }
  while (open.length > 0) {
    const targets = await readSmallObjects(
      repository,
      open.map(({ target }) => target),
    );
    const deeper: typeof open = [];
    for (const [at, { index }] of open.entries()) {
      const object = targets[at];
      if (object?.type === "tag") deeper.push({ index, target: parseTag(object.oid, object.content).targetOid });
      else setCommit(items[index]!, reader, object);
    }
    open = deeper;
  }
  return items;
}

function setCommit(item: { commit?: Commit }, reader: CommitReader, object: GitObject | undefined): void {
  const commit = reader.parse(object);
  if (commit !== undefined) item.commit = commit;
}
