import type { FileAction, FileContent } from "../domain/file-action.ts";
import type { CommitFiles } from "../requests.ts";
import type { ContractContext } from "./contract-check.ts";

/** An id that no object has. */
export const ABSENT_ID = "deadbeef".repeat(5);

/** The tree without entries, in repositories of SHA-1. */
export const EMPTY_TREE_ID = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/** New files by path. */
export function created(files: Readonly<Record<string, FileContent>>): FileAction[] {
  return Object.entries(files).map(([path, content]) => ({ type: "create", path, content }));
}

/** Writes a commit, on `main` unless told; answers its id. */
export async function write(
  { adapter, repo, user }: ContractContext,
  actions: CommitFiles["actions"],
  more: Partial<CommitFiles> = {},
): Promise<string> {
  const request = { branch: "main", message: "Change files", user, actions, ...more };
  return (await adapter.commitFiles(repo, request)).commitId;
}

/** Makes the repository with a first commit of these files on `main`; answers the commit's id. */
export async function start(
  context: ContractContext,
  files: Readonly<Record<string, FileContent>> = { "README.md": "hello\n" },
): Promise<string> {
  await context.adapter.createRepo(context.repo);
  return write(context, created(files), { message: "First commit" });
}

/** Two branches from one commit. */
export interface Sides {
  readonly base: string;
  readonly ours: string;
  readonly theirs: string;
}

/** `main` and `topic`, one commit each behind a common one; they merge. */
export async function startSides(context: ContractContext): Promise<Sides> {
  const base = await start(context, { "README.md": "hello\n" });
  const ours = await write(context, created({ "ours.txt": "ours\n" }), { message: "Ours" });
  const theirs = await writeTopic(context, base, created({ "theirs.txt": "theirs\n" }));
  return { base, ours, theirs };
}

/** `main` and `topic`, which change the same line of `README.md`. */
export async function startConflict(context: ContractContext): Promise<Sides> {
  const base = await start(context, { "README.md": "hello\n", "calm.txt": "calm\n" });
  const update = (content: string): FileAction => ({ type: "update", path: "README.md", content });
  const ours = await write(context, [update("ours\n")], { message: "Ours" });
  const theirs = await writeTopic(context, base, [update("theirs\n")]);
  return { base, ours, theirs };
}

async function writeTopic(context: ContractContext, base: string, actions: readonly FileAction[]): Promise<string> {
  const { adapter, repo, user } = context;
  await adapter.createBranch(repo, { name: "topic", startPoint: base, user });
  return write(context, actions, { branch: "topic", message: "Theirs" });
}

/** The commit a branch is at; undefined when there is no such branch. */
export async function tipOf({ adapter, repo }: ContractContext, branch: string): Promise<string | undefined> {
  return (await adapter.findBranch(repo, branch))?.commit.id;
}

/** The text of a file. */
export async function textAt({ adapter, repo }: ContractContext, revision: string, path: string): Promise<string> {
  return new TextDecoder().decode(await adapter.getBlob(repo, { revision, path }));
}

/** The paths of all files at a revision. */
export async function filesAt({ adapter, repo }: ContractContext, revision: string): Promise<string[]> {
  const entries = await adapter.getTreeEntries(repo, { revision, recursive: true });
  return entries.filter(({ type }) => type === "blob").map(({ path }) => path);
}
