import { describeToolsets } from "./toolsets.ts";

/** What every agent is told at the beginning. */
export const INSTRUCTIONS = `Holdfast keeps Git repositories. repo is a repository's full name (alice/myrepo); rev a branch, a tag, a commit id, or main~2.

To read: browse_repositories, list_files, get_blob, find_files, search_files, show_log, show_diff.

To change something: open_session makes a private worktree that nobody else sees and that any connection can go on with. Give its id as session to read_worktree_file, write_worktree_file, stage_patch, show_worktree_diff, commit_worktree (all: true); push_session moves the branch. Without session your default session of the repository is used. What is left uncommitted is committed automatically.

Long results come in parts: where next_cursor is a text, call again with the same arguments and that as cursor. Errors say in next_step what to do; retry says whether the same call can succeed.

Names and paths that are no UTF-8 are {"base64": "…"}. Resources are holdfast://{repo}/{rev}/{path}, with slashes in repo and rev escaped.

More tools are in toolsets, which the client chooses (header Holdfast-Toolsets, ?toolsets=, or holdfast mcp --toolsets): ${describeToolsets()}.`;
