import { deepEqual, equal } from "node:assert/strict";
import { type RefUpdate, ZERO_ID } from "../domain/ref-update.ts";
import { ConflictError, NotFoundError, ValidationError } from "../errors.ts";
import { changing, type ContractCheck, type ContractContext } from "./contract-check.ts";
import { rejection, rejectionOf } from "./expectations.ts";
import { ABSENT_ID, created, start, tipOf, write } from "./written-repository.ts";

function update({ adapter, repo, user }: ContractContext, ...updates: readonly RefUpdate[]): Promise<void> {
  return adapter.updateReferences(repo, { user, updates });
}

/** Two commits on `main`. */
async function startTwo(context: ContractContext): Promise<[first: string, second: string]> {
  return [await start(context), await write(context, created({ "b.txt": "b\n" }))];
}

/** Moving references, several at once. */
export const REFERENCE_CHECKS: readonly ContractCheck[] = [
  changing("atomic update of references", async (context) => {
    const { adapter, repo } = context;
    const [first, second] = await startTwo(context);
    await update(
      context,
      { ref: "refs/heads/main", oldId: second, newId: first },
      { ref: "refs/heads/new", oldId: ZERO_ID, newId: second },
      { ref: "refs/tags/v1", newId: second },
      { ref: "refs/app/marker", newId: first },
    );
    equal(await tipOf(context, "main"), first);
    equal(await tipOf(context, "new"), second);
    equal((await adapter.findTag(repo, "v1"))?.id, second);
    equal((await adapter.findCommit(repo, "refs/app/marker"))?.id, first);
  }),

  changing("one reference is refused: none moves", async (context) => {
    const [first, second] = await startTwo(context);
    const error = await rejection(
      update(
        context,
        { ref: "refs/heads/one", newId: first },
        { ref: "refs/heads/main", oldId: first, newId: ZERO_ID },
        { ref: "refs/heads/two", newId: second },
      ),
      ConflictError,
    );
    equal(error.outcomeUnknown, false);
    equal(await tipOf(context, "main"), second);
    deepEqual([await tipOf(context, "one"), await tipOf(context, "two")], [undefined, undefined]);
  }),

  changing("a conflict names the reference, what was expected and what is", async (context) => {
    const [first, second] = await startTwo(context);
    const stale = update(context, { ref: "refs/heads/main", oldId: first, newId: first });
    const { detail } = await rejection(stale, ConflictError);
    deepEqual(
      { reference: detail?.reference, expectedId: detail?.expectedId, actualId: detail?.actualId },
      { reference: "refs/heads/main", expectedId: first, actualId: second },
    );
  }),

  changing("without an old id a reference moves whatever it is", async (context) => {
    const [first, second] = await startTwo(context);
    await update(context, { ref: "refs/heads/main", newId: first });
    equal(await tipOf(context, "main"), first);
    await update(context, { ref: "refs/heads/main", oldId: "", newId: second });
    equal(await tipOf(context, "main"), second);
    await update(context, { ref: "refs/heads/new", oldId: "", newId: second });
    equal(await tipOf(context, "new"), second);
  }),

  changing("zeros as the old id: it must not exist", async (context) => {
    const [first, second] = await startTwo(context);
    await rejection(update(context, { ref: "refs/heads/main", oldId: ZERO_ID, newId: first }), ConflictError);
    equal(await tipOf(context, "main"), second);
    await update(context, { ref: "refs/heads/new", oldId: ZERO_ID, newId: first });
    equal(await tipOf(context, "new"), first);
  }),

  changing("zeros as the new id: it is deleted", async (context) => {
    const [first, second] = await startTwo(context);
    await update(context, { ref: "refs/heads/a", newId: first }, { ref: "refs/heads/b", newId: first });
    await update(
      context,
      { ref: "refs/heads/a", newId: ZERO_ID },
      { ref: "refs/heads/b", oldId: first, newId: ZERO_ID },
    );
    deepEqual([await tipOf(context, "a"), await tipOf(context, "b")], [undefined, undefined]);
    equal(await tipOf(context, "main"), second);
  }),

  changing("an old id of a reference that is not there", async (context) => {
    const [first, second] = await startTwo(context);
    await rejection(update(context, { ref: "refs/heads/new", oldId: first, newId: second }), ConflictError);
    equal(await tipOf(context, "new"), undefined);
  }),

  changing("a reference needs an object that exists", async (context) => {
    await startTwo(context);
    await rejection(update(context, { ref: "refs/heads/new", newId: ABSENT_ID }), NotFoundError);
    equal(await tipOf(context, "new"), undefined);
  }),

  changing("references that Git refuses", async (context) => {
    const [first] = await startTwo(context);
    for (const ref of ["", "main", "refs/heads/two..dots", "refs/heads/with space"])
      await rejectionOf(`"${ref}"`, update(context, { ref, newId: first }), ValidationError);
    for (const newId of ["", "abc", "main"])
      await rejectionOf(`new "${newId}"`, update(context, { ref: "refs/heads/x", newId }), ValidationError);
    await rejectionOf("none", update(context), ValidationError);
    equal(await tipOf(context, "x"), undefined);
  }),

  changing("a reference cannot lie below another", async (context) => {
    const [first] = await startTwo(context);
    await rejection(update(context, { ref: "refs/heads/main/below", newId: first }), ConflictError);
  }),

  changing("a conflict names the reference that has moved, and what was expected of it", async (context) => {
    const { adapter, repo, user } = context;
    const expectedOldId = await start(context);
    const tip = await write(context, created({ "b.txt": "b\n" }));
    const updates = ["refs/heads/topic", "refs/tags/v1", "refs/merge-requests/1/merge"].map((ref) => ({
      ref,
      newId: tip,
    }));
    await adapter.updateReferences(repo, { user, updates });
    const branch = "main";
    const to = { sourceId: tip, targetRef: "refs/merge-requests/1/merge", firstParentRef: "refs/heads/main", user };
    const calls: readonly [string, () => Promise<unknown>][] = [
      ["refs/heads/main", () => write(context, created({ "c.txt": "c\n" }), { expectedOldId })],
      ["refs/heads/topic", () => adapter.deleteBranch(repo, { name: "topic", user, expectedOldId })],
      ["refs/tags/v1", () => adapter.deleteTag(repo, { name: "v1", user, expectedOldId })],
      [
        "refs/heads/main",
        () => adapter.mergeBranch(repo, { branch, sourceId: tip, message: "M", user, expectedOldId }),
      ],
      [to.targetRef, () => adapter.mergeToRef(repo, { ...to, message: "M", expectedOldId })],
      [to.targetRef, () => adapter.rebaseToRef(repo, { ...to, expectedOldId })],
      ["refs/heads/main", () => adapter.revert(repo, { commitId: tip, branch, user, expectedOldId })],
    ];
    for (const [reference, call] of calls) {
      const { detail } = await rejection(call(), ConflictError);
      deepEqual([detail?.reference, detail?.expectedId], [reference, expectedOldId]);
    }
  }),
];
