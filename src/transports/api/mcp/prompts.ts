import type { GetPromptResult, ListPromptsResult } from "@modelcontextprotocol/server";
import { OperationError } from "../../../domain/errors.ts";
import { nearest } from "../../../domain/nearest.ts";
import type { AgentReads, Page } from "./agent-reads.ts";

interface Argument {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
}

interface Prompt {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly arguments: readonly Argument[];
  /** The text for the model, with what it is about. Rejects with OperationErrors. */
  write(args: Readonly<Record<string, string>>, reads: AgentReads, bytesMax: number): Promise<string>;
}

interface Comparison {
  readonly merge_base?: string;
  readonly to: string;
  readonly ahead: number;
  readonly behind: number;
  readonly commits: readonly { readonly oid: string; readonly subject: unknown; readonly author: { name: unknown } }[];
  readonly files: readonly { readonly path: unknown; readonly additions: number; readonly deletions: number }[];
  readonly additions: number;
  readonly deletions: number;
}

const REPO: Argument = { name: "repo", description: "Full name of the repository: alice/myrepo", required: true };
const LISTED_MAX = 200;

const PROMPTS: readonly Prompt[] = [
  {
    name: "review_changes",
    title: "Review changes",
    description: "Reviews what a branch changes, with its commits and its diff.",
    arguments: [
      REPO,
      { name: "head", description: "Branch or commit to review", required: true },
      { name: "base", description: "What it goes into; the default branch when absent", required: false },
    ],
    async write({ repo, head, base = "HEAD" }, reads, bytesMax) {
      const compared = await reads.run<Comparison>("compareCommits", { repo, from: base, to: head });
      const { patch } = await reads.run<{ patch?: unknown }>("showDiff", {
        repo,
        from: compared.merge_base ?? base,
        to: compared.to,
        format: "patch",
      });
      return [
        `Review the changes of ${head} in ${repo} against ${base}.`,
        "Look for mistakes first, then for what is missing (tests, documentation, error handling), then for style. For each finding give file, line, what is wrong and what to do. Read more of a file with get_blob where the diff does not show enough. End with a verdict.",
        overview(compared),
        `Diff:\n${fenced(within(patch ?? "", bytesMax, "show_diff with paths"), "diff")}`,
      ].join("\n\n");
    },
  },
  {
    name: "make_change",
    title: "Make a change",
    description: "Makes a change in a session of its own, commits and pushes it.",
    arguments: [
      REPO,
      { name: "task", description: "What to change", required: true },
      { name: "branch", description: "Branch to change; a new one of the session's own when absent", required: false },
    ],
    async write({ repo, task, branch }, reads) {
      const rev = branch ?? "HEAD";
      const [{ items: files }, { items: log }] = await Promise.all([
        reads.run<Page<{ path: unknown; type: string }>>("listFiles", { repo, rev, limit: LISTED_MAX }),
        reads.run<Page<{ oid: string; subject: unknown }>>("showLog", { repo, rev, limit: 10 }),
      ]);
      return [
        `Make this change in ${repo}: ${task}`,
        `Work in a session: open_session ${JSON.stringify({ repo, ...(branch !== undefined && { branch }) })}, find what is to be changed with search_files and find_files, read with read_worktree_file, write with write_worktree_file, look at show_worktree_diff, commit with commit_worktree (all: true, a message that says what and why), then push_session. Give the session's id as session in each call. Where the branch has moved meanwhile, push_session says what to do.`,
        `Files at the root:\n${files.map(({ path, type }) => `- ${shown(path)}${type === "tree" ? "/" : ""}`).join("\n")}`,
        `Latest commits:\n${log.map(({ oid, subject }) => `- ${oid.slice(0, 12)} ${shown(subject)}`).join("\n")}`,
      ].join("\n\n");
    },
  },
  {
    name: "release_notes",
    title: "Write release notes",
    description:
      "Writes release notes of what has changed between two revisions, with the commits and files between them.",
    arguments: [
      REPO,
      { name: "from", description: "The release before: a tag, a branch or a commit", required: true },
      { name: "to", description: "The new one; the default branch when absent", required: false },
    ],
    async write({ repo, from, to = "HEAD" }, reads) {
      const compared = await reads.run<Comparison>("compareCommits", { repo, from, to });
      return [
        `Write release notes for ${repo}: what has changed from ${from} to ${to}.`,
        "Write for people who use it, not for those who make it. Group by what is new, changed, mended, and what breaks. Leave out what nobody notices. Look a commit up with show_commit where its subject does not say enough.",
        overview(compared),
      ].join("\n\n");
    },
  },
];

export function listPrompts(): ListPromptsResult {
  return {
    prompts: PROMPTS.map(({ write: _, ...prompt }) => ({
      ...prompt,
      arguments: prompt.arguments.map((each) => ({ ...each })),
    })),
  };
}

/** A prompt with what it is about. Rejects with OperationErrors: `invalid_input` for prompts and arguments that are not there. */
export async function getPrompt(
  reads: AgentReads,
  name: string,
  args: Readonly<Record<string, string>>,
  bytesMax: number,
): Promise<GetPromptResult> {
  const prompt = PROMPTS.find((each) => each.name === name);
  if (prompt === undefined)
    throw unknown(
      "name",
      name,
      PROMPTS.map((each) => each.name),
    );
  const names = prompt.arguments.map((each) => each.name);
  for (const given of Object.keys(args)) if (!names.includes(given)) throw unknown(given, given, names);
  const missing = prompt.arguments.find((each) => each.required && (args[each.name] ?? "") === "");
  if (missing !== undefined)
    throw new OperationError("invalid_input", { field: missing.name, problem: `is missing: ${missing.description}` });
  const given = Object.fromEntries(Object.entries(args).filter(([, value]) => value !== ""));
  const text = await prompt.write(given, reads, bytesMax);
  return { description: prompt.description, messages: [{ role: "user", content: { type: "text", text } }] };
}

function unknown(field: string, given: string, known: readonly string[]): OperationError {
  const near = nearest(given, known);
  const hint = near === undefined ? "" : `; did you mean ${JSON.stringify(near)}?`;
  return new OperationError("invalid_input", { field, problem: `is not known${hint}` });
}

function overview({ ahead, behind, commits, files, additions, deletions }: Comparison): string {
  const listed = commits
    .slice(0, LISTED_MAX)
    .map(({ oid, subject, author }) => `- ${oid.slice(0, 12)} ${shown(subject)} (${shown(author.name)})`);
  const changed = files
    .slice(0, LISTED_MAX)
    .map((file) => `- ${shown(file.path)} +${file.additions} -${file.deletions}`);
  return [
    `Commits (${ahead}; ${behind} on the other side only):`,
    ...listed,
    ...(ahead > listed.length ? [`- and ${ahead - listed.length} more: show_log`] : []),
    "",
    `Files (${files.length}, +${additions} -${deletions}):`,
    ...changed,
    ...(files.length > changed.length ? [`- and ${files.length - changed.length} more: show_diff`] : []),
  ].join("\n");
}

/** So much of a text as fits, and what to read the rest with. */
function within(text: unknown, bytesMax: number, rest: string): string {
  const bytes = bytesOf(text);
  if (bytes.length <= bytesMax) return bytes.toString("utf8");
  const line = bytes.lastIndexOf(0x0a, bytesMax);
  const end = line < 0 ? bytesMax : line;
  return `${bytes.toString("utf8", 0, end)}\n(${bytes.length - end} bytes more: ${rest})`;
}

/** A text's bytes. Models read a diff in which some characters are no UTF-8, and none as base64. */
function bytesOf(text: unknown): Buffer {
  if (typeof text === "string") return Buffer.from(text);
  const { base64 } = text as { readonly base64: string };
  return Buffer.from(base64, "base64");
}

/** A fence that is longer than any in the text. */
function fenced(text: string, language: string): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}

/** What is no text is shown as it travels. */
const shown = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
