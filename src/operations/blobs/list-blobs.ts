import type { OpenRepository } from "../../contract/context.ts";
import type { ListedBlob } from "../../backend/backend.ts";
import {
  BytesField,
  ByteStringField,
  LimitField,
  Maybe,
  OidField,
  RepositoryField,
  Type,
} from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { OperationError } from "../../domain/errors.ts";
import { openBlob, WHOLE_BLOB_BYTES_MAX } from "./read-blob.ts";

const Input = Type.Object(
  {
    repository: RepositoryField,
    revisions: Type.Array(ByteStringField("Revision, ^revision, range, revision:path, or --not, --all, --glob=…"), {
      minItems: 1,
    }),
    limit: Maybe(LimitField),
    bytesMax: Maybe(
      Type.Integer({ minimum: 0, description: "Bytes to read at most of each blob; 0: none; absent: all" }),
    ),
  },
  { additionalProperties: false },
);

const Output = Type.Object({
  oid: Maybe(OidField("Id of the blob; in its first piece")),
  size: Maybe(Type.Integer({ description: "Length of the whole blob; in its first piece" })),
  path: Maybe(ByteStringField("Where the blob was met; in every piece, absent for a blob that was named itself")),
  data: BytesField("A piece of the content"),
});

/** Blobs whose sizes are looked up together. */
const BATCH_BLOBS = 256;

/** Bytes of small blobs that are read together. */
const BATCH_BYTES_MAX = 1024 * 1024;

const NOTHING = new Uint8Array();

/** Lists the blobs that revisions reach, each once, with their content on request; large ones come in several pieces. */
export const listBlobs = defineOperation({
  name: "listBlobs",
  summary: "List blobs",
  kind: "read",
  shape: "list",
  access: "read",
  target: "repository",
  input: Input,
  output: Output,
  errors: ["revision_not_found"],
  examples: [
    {
      title: "What the last commit of main added, without content",
      input: { revisions: ["main~1..main"], bytesMax: 0 },
    },
  ],
  async *run({ revisions, limit, bytesMax }, { repository }) {
    const { git, view } = repository;
    if (limit === 0) return;
    for await (const listed of git.objects.listBlobs(view, revisions, limit)) {
      for (let at = 0; at < listed.length; at += BATCH_BLOBS) {
        const sized = await withSizes(repository, listed.slice(at, at + BATCH_BLOBS));
        if (bytesMax === 0) yield sized.map((blob) => ({ ...blob, data: NOTHING }));
        else yield* withContent(repository, sized, bytesMax ?? Infinity);
      }
    }
  },
});

interface SizedBlob extends ListedBlob {
  readonly size: number;
}

async function withSizes({ git, view }: OpenRepository, blobs: readonly ListedBlob[]): Promise<SizedBlob[]> {
  const infos = await Promise.all(blobs.map(({ oid }) => git.objects.info(view, oid)));
  return blobs.map((blob, index) => {
    const info = infos[index];
    if (info === undefined) throw new OperationError("object_not_found", { oid: blob.oid });
    return { ...blob, size: info.size };
  });
}

/** Small blobs are read side by side, as many as fit into a limited number of bytes; a large one is streamed. */
async function* withContent(repository: OpenRepository, blobs: readonly SizedBlob[], bytesMax: number) {
  let start = 0;
  while (start < blobs.length) {
    let end = start;
    let bytes = 0;
    for (; end < blobs.length; end++) {
      const wanted = Math.min(blobs[end]!.size, bytesMax);
      if (wanted > WHOLE_BLOB_BYTES_MAX || (bytes += wanted) > BATCH_BYTES_MAX) break;
    }
    if (end === start) yield* streamed(repository, blobs[end++]!, bytesMax);
    else yield await Promise.all(blobs.slice(start, end).map((blob) => whole(repository, blob, bytesMax)));
    start = end;
  }
}

async function whole(repository: OpenRepository, blob: SizedBlob, bytesMax: number) {
  const opened = await openBlob(repository, blob.oid, bytesMax);
  if (opened?.content === undefined) throw new OperationError("object_not_found", { oid: blob.oid });
  return { ...blob, data: opened.content };
}

async function* streamed({ git, view }: OpenRepository, blob: SizedBlob, bytesMax: number) {
  let first = true;
  for await (const data of git.objects.stream(view, blob.oid, bytesMax < blob.size ? bytesMax : undefined)) {
    yield [first ? { ...blob, data } : { ...(blob.path === undefined ? {} : { path: blob.path }), data }];
    first = false;
  }
}
