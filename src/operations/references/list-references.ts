import type { OpenRepository } from "../../contract/context.ts";
import {
  ByteStringField,
  DirectionField,
  LimitField,
  Maybe,
  OidField,
  RepositoryField,
  Type,
} from "../../contract/fields.ts";
import { ReferenceField } from "../../contract/nouns.ts";
import { defineOperation } from "../../contract/operation.ts";
import type { Oid } from "../../domain/oid.ts";
import { compileRefPatterns } from "../../domain/ref-pattern.ts";
import type { Reference } from "../../domain/reference.ts";
import { parseTag } from "../../domain/tag.ts";
import { collectHere } from "./collect-references.ts";
import { pageOfReferences } from "./reference-page.ts";
import { sortReferences, SortKeyField } from "./sort-references.ts";

const Input = Type.Object(
  {
    repository: RepositoryField,
    patterns: Maybe(Type.Array(ByteStringField("Name, directory or glob, as for git for-each-ref; absent: all"))),
    head: Maybe(
      Type.Boolean({ description: "Put HEAD in front, if it leads anywhere and there is another reference" }),
    ),
    pointingAt: Maybe(Type.Array(OidField("Only what points at one of these, or is a tag of it"))),
    peel: Maybe(Type.Boolean({ description: "Tell what annotated tags finally point at" })),
    sort: Maybe(SortKeyField),
    direction: Maybe(DirectionField),
    after: Maybe(ByteStringField("Full name of the reference behind which the page begins")),
    limit: Maybe(LimitField),
  },
  { additionalProperties: false },
);

const BATCH_REFERENCES = 1024;

/** Lists references with their targets. */
export const listReferences = defineOperation({
  name: "listReferences",
  summary: "List references",
  kind: "read",
  shape: "list",
  access: "read",
  target: "repository",
  input: Input,
  output: ReferenceField,
  errors: ["page_token_not_found"],
  examples: [
    { title: "Branches, and HEAD before them", input: { patterns: ["refs/heads/"], head: true } },
    { title: "The two first tags by version", input: { patterns: ["refs/tags/"], sort: "version", limit: 2 } },
  ],
  async *run({ patterns = ["refs/"], head, pointingAt, peel, sort, direction, after, limit }, { repository }) {
    const { git, view } = repository;
    const filtered = pointingAt !== undefined && pointingAt.length > 0;
    const { all, headOid } = await repository.consistently(async () => ({
      headOid: head === true ? (await git.refs.head(view)).oid : undefined,
      all: await collectHere(repository, compileRefPatterns(patterns), { peel: peel === true || filtered }),
    }));
    const wanted = filtered ? await pointing(repository, all, new Set(pointingAt)) : all;
    const page = pageOfReferences(await sortReferences(repository, wanted, sort, direction), { after, limit });
    if (page.length > 0 && headOid !== undefined) yield [{ name: "HEAD", oid: headOid }];
    for (let at = 0; at < page.length; at += BATCH_REFERENCES) {
      yield page.length <= BATCH_REFERENCES ? [...page] : page.slice(at, at + BATCH_REFERENCES);
    }
  },
});

/** Keeps what points at one of the objects: itself, or as a tag at any depth of tags. */
async function pointing(
  repository: OpenRepository,
  references: Reference[],
  oids: ReadonlySet<Oid>,
): Promise<Reference[]> {
  const kept: Reference[] = [];
  for (const reference of references) {
    const { oid, peeledOid } = reference;
    if (oids.has(oid) || (peeledOid !== undefined && (oids.has(peeledOid) || (await passes(repository, oid, oids))))) {
      kept.push(reference);
    }
  }
  return kept;
}

/** Does a chain of tags pass through one of the objects? */
async function passes({ git, view }: OpenRepository, tag: Oid, oids: ReadonlySet<Oid>): Promise<boolean> {
  let object = await git.objects.read(view, tag);
  while (object?.type === "tag") {
    const { targetOid, targetType } = parseTag(object.oid, object.content);
    if (oids.has(targetOid)) return true;
    if (targetType !== "tag") return false;
    object = await git.objects.read(view, targetOid);
  }
  return false;
}
