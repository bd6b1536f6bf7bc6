import type { OpenRepository } from "../../contract/context.ts";
import { ByteStringField } from "../../contract/fields.ts";
import type { ByteString } from "../../domain/bytes.ts";
import { OperationError } from "../../domain/errors.ts";
import type { Oid } from "../../domain/oid.ts";
import { resolveTree } from "../files/resolve-tree.ts";

/** The two sides of a difference: commits, tags or trees, by any revision. */
export const SIDES = {
  left: ByteStringField("Revision of the old side"),
  right: ByteStringField("Revision of the new side"),
};

/** The trees of both sides at one moment. Throws `revision_not_found` with field `left` or `right`. */
export function resolveSides(
  repository: OpenRepository,
  sides: { readonly left: ByteString; readonly right: ByteString },
): Promise<{ left: Oid; right: Oid }> {
  return repository.consistently(async () => {
    const left = await resolveTree(repository, sides.left);
    if (left === undefined) throw new OperationError("revision_not_found", { revision: sides.left, field: "left" });
    const right = await resolveTree(repository, sides.right);
    if (right === undefined) throw new OperationError("revision_not_found", { revision: sides.right, field: "right" });
    return { left, right };
  });
}
