import { OidField, RepositoryField, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { isOid } from "../../domain/oid.ts";

const OIDS_MAX = 10_000;

/** Tells how large blobs are, without their content. What is not there is left out. */
export const sizeBlobs = defineOperation({
  name: "sizeBlobs",
  summary: "Sizes of blobs",
  kind: "read",
  shape: "call",
  access: "read",
  target: "repository",
  input: Type.Object(
    { repository: RepositoryField, oids: Type.Array(OidField("Id of a blob"), { maxItems: OIDS_MAX }) },
    { additionalProperties: false },
  ),
  output: Type.Object({
    items: Type.Array(Type.Object({ oid: OidField("Id of the blob"), size: Type.Integer({ description: "Bytes" }) })),
  }),
  errors: [],
  examples: [{ title: "Of nothing that is there", input: { oids: ["0123456789abcdef0123456789abcdef01234567"] } }],
  async run({ oids }, { repository }) {
    const { git, view, objectFormat } = repository;
    const known = [...new Set(oids)].filter((oid) => isOid(oid, objectFormat));
    const infos = await Promise.all(known.map((oid) => git.objects.info(view, oid)));
    const items = infos.flatMap((info, index) =>
      info?.type === "blob" ? [{ oid: known[index]!, size: info.size }] : [],
    );
    return { items };
  },
});
