import { Maybe, Type } from "../../contract/fields.ts";

/** How a merge may be made, as `git merge` calls it. */
export const StrategyField = Maybe(
  Type.Union([Type.Literal("auto"), Type.Literal("ff-only"), Type.Literal("no-ff"), Type.Literal("squash")], {
    description:
      "auto: forward where that is enough, else a merge commit; ff-only: forward or not at all; no-ff: always a merge commit; squash: one commit with one parent",
  }),
);

/** What became of a branch. */
export const ResultField = Type.Union(
  [Type.Literal("up-to-date"), Type.Literal("fast-forward"), Type.Literal("merge"), Type.Literal("squash")],
  { description: "up-to-date: there was nothing to merge" },
);
