import { BRANCH_CHECKS } from "./branch-checks.ts";
import { CALL_CHECKS } from "./call-checks.ts";
import { COMMIT_FILES_CHECKS } from "./commit-files-checks.ts";
import type { ContractCheck } from "./contract-check.ts";
import { DIFF_CHECKS } from "./diff-checks.ts";
import { HISTORY_CHECKS } from "./history-checks.ts";
import { MERGE_CHECKS } from "./merge-checks.ts";
import { REFERENCE_CHECKS } from "./reference-checks.ts";
import { REPOSITORY_CHECKS } from "./repository-checks.ts";
import { TAG_CHECKS } from "./tag-checks.ts";
import { TREE_CHECKS } from "./tree-checks.ts";

/** Everything that an adapter promises, as checks that any test runner can run; their names are unique. */
export function gitAdapterContract(): readonly ContractCheck[] {
  return [
    ...REPOSITORY_CHECKS,
    ...BRANCH_CHECKS,
    ...TREE_CHECKS,
    ...COMMIT_FILES_CHECKS,
    ...DIFF_CHECKS,
    ...HISTORY_CHECKS,
    ...MERGE_CHECKS,
    ...TAG_CHECKS,
    ...REFERENCE_CHECKS,
    ...CALL_CHECKS,
  ];
}
