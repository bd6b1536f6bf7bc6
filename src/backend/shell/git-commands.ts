/** What one run of git is: its subcommand, the flags that never change, and the exit codes that are answers. */
export interface GitCommand {
  readonly argv: readonly string[];
  readonly exitCodes: readonly number[];
  /** Whether the command takes `--end-of-options` before its revisions. */
  readonly endOfOptions?: boolean;
  readonly maintenance?: boolean;
}

function command(argv: readonly string[], options: Omit<Partial<GitCommand>, "argv"> = {}): GitCommand {
  return { argv, exitCodes: [0], ...options };
}

// Plumbing throughout: its output does not depend on the user's configuration.
const DIFF = ["--no-color", "--no-ext-diff", "--no-textconv", "--submodule=short", "--full-index"];
const DIFF_TREE = ["diff-tree", "-r", ...DIFF];

/** Every command that the shell backend runs. */
export const GIT_COMMANDS = {
  version: command(["version"]),
  catFile: command(["cat-file", "--batch-command", "-z", "--buffer"]),
  listTree: command(["ls-tree", "-t", "-z", "--full-tree"], { endOfOptions: true }),
  hashObject: command(["hash-object", "-w", "--stdin", "--literally"]),
  makeTrees: command(["mktree", "-z", "--missing", "--batch"]),
  listBlobs: command([
    "rev-list",
    "--objects",
    "--in-commit-order",
    "--filter=object:type=blob",
    "--filter-provided-objects",
  ]),
  symbolicRef: command(["symbolic-ref", "--quiet"], { exitCodes: [0, 1] }),
  setSymbolicRef: command(["symbolic-ref"]),
  revParse: command(["rev-parse", "--verify", "--quiet"], { exitCodes: [0, 1, 128], endOfOptions: true }),
  forEachRef: command(["for-each-ref"]),
  updateRefs: command(["update-ref", "--stdin", "-z"]),
  revList: command(["rev-list"]),
  isAncestor: command(["merge-base", "--is-ancestor"], { exitCodes: [0, 1], endOfOptions: true }),
  mergeBases: command(["merge-base", "--all"], { exitCodes: [0, 1], endOfOptions: true }),
  // Porcelain: what the repository's configuration could change about the answer is overruled.
  blame: command(["blame", "--incremental", "--no-textconv", "--ignore-revs-file=", "--diff-algorithm=myers"]),
  patches: command([...DIFF_TREE, "--raw", "--patch", "-z"], { endOfOptions: true }),
  rawDiff: command([...DIFF_TREE, "--patch", "-M"], { endOfOptions: true }),
  diffStats: command([...DIFF_TREE, "--numstat", "-M", "-z"], { endOfOptions: true }),
  changedPaths: command([...DIFF_TREE, "--raw", "--no-renames", "--diff-filter=AMDTC", "-z", "--stdin"]),
  mergeTree: command(
    ["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", "--allow-unrelated-histories"],
    {
      exitCodes: [0, 1],
      endOfOptions: true,
    },
  ),
  collectGarbage: command(["gc"], { maintenance: true }),
  check: command(["fsck", "--strict"], {
    exitCodes: [0, 1, 2, 3, 4, 5, 6, 7, 8, 16],
    maintenance: true,
  }),
  // The file's own, without what it includes.
  configList: command(["config", "--list", "-z", "--no-includes"]),
  configSet: command(["config"]),
  // 5: it is not there.
  configUnset: command(["config"], { exitCodes: [0, 5] }),
  objectFormat: command(["rev-parse", "--show-object-format"]),
  // Of another server; each in a git directory of its own.
  listRemote: command(["ls-remote", "--symref", "--quiet"], { endOfOptions: true, maintenance: true }),
  fetchRemote: command(
    [
      "fetch",
      "--progress",
      "--stdin",
      "--no-write-fetch-head",
      "--no-tags",
      "--no-auto-maintenance",
      "--no-recurse-submodules",
    ],
    { endOfOptions: true, maintenance: true },
  ),
  pushRemote: command(["push", "--progress", "--porcelain", "--no-verify", "--no-signed", "--recurse-submodules=no"], {
    endOfOptions: true,
    maintenance: true,
  }),
  packObjects: command(["pack-objects", "--revs", "--stdout", "--delta-base-offset"], { maintenance: true }),
  indexPack: command(["index-pack", "--stdin", "--fix-thin"], { maintenance: true }),
  unpackObjects: command(["unpack-objects", "-q"], { maintenance: true }),
  // Its own directory, as a path: the program insists on one.
  grep: command(["grep", "-z", "--line-number", "-I", "--no-color", "--full-name", "--threads=2"], {
    exitCodes: [0, 1],
  }),
  // What compresses is git's own, whatever the repository's configuration names.
  archive: command(["-c", "tar.tar.gz.command=git archive gzip", "archive"], { maintenance: true }),
  followLog: command(["log", "--follow", "--format=%H", "--no-show-signature", "--no-ext-diff", "--no-textconv"], {
    endOfOptions: true,
  }),
  uploadArchive: command(["upload-archive", "."], { maintenance: true }),
  createPack: command(["pack-objects", "--revs", "--stdout", "--progress"], { maintenance: true }),
  unconnected: command(["rev-list", "--objects", "--stdin", "--quiet"], { exitCodes: [0, 128], maintenance: true }),
  // Of a worktree; what its files and its index are.
  readTree: command(["read-tree", "-m", "-u"]),
  checkOut: command(["-c", "checkout.workers=0", "read-tree", "-m", "-u"]),
  status: command(["status", "--porcelain=v2", "-z", "--no-renames", "--no-ahead-behind", "--ignore-submodules=dirty"]),
  listIndex: command(["ls-files", "--stage", "-t", "--full-name", "-z"]),
  include: command(["update-index", "--no-skip-worktree", "-z", "--stdin"]),
  // Outside of what a sparse checkout names as well.
  addAll: command(["add", "--all", "--sparse"]),
  writeTree: command(["write-tree"]),
  // Names alone: `update-index` asks nobody what is ignored, and leaves alone what a sparse checkout has left out.
  updateIndex: command([
    "update-index",
    "--add",
    "--remove",
    "--replace",
    "--ignore-skip-worktree-entries",
    "-z",
    "--stdin",
  ]),
  forgetFiles: command(["update-index", "--force-remove", "-z", "--stdin"]),
  leaveOut: command(["update-index", "--skip-worktree", "-z", "--stdin"]),
  listNames: command(["ls-files", "--full-name", "-z"]),
  listStageable: command([
    "ls-files",
    "--cached",
    "--others",
    "--exclude-standard",
    "--deduplicate",
    "--full-name",
    "-z",
  ]),
  listTagged: command(["ls-files", "-t", "--full-name", "-z"]),
  listUnmerged: command(["ls-files", "--unmerged", "--full-name", "-z"]),
  listTreeNames: command(["ls-tree", "-r", "-z", "--name-only", "--full-tree"], { endOfOptions: true }),
  resetPaths: command(["reset", "--quiet", "--no-refresh"]),
  resetTo: command(["reset", "--quiet", "--no-refresh"]),
  restoreFiles: command([
    "checkout-index",
    "--force",
    "--index",
    "--quiet",
    "--ignore-skip-worktree-bits",
    "-z",
    "--stdin",
  ]),
  changedInIndex: command(["diff-index", "--cached", "--name-only", "--no-renames", "-z"], { endOfOptions: true }),
  changedNames: command(["diff-tree", "-r", "--name-only", "--no-renames", "-z"], { endOfOptions: true }),
  diffIndex: command(["diff-index", "--cached", ...DIFF, "--diff-filter=u", "--raw", "--patch", "-z"], {
    endOfOptions: true,
  }),
  // What conflicts is told as our side against the file.
  diffFiles: command(["diff-files", ...DIFF, "--ours", "--diff-filter=u", "--raw", "--patch", "-z"]),
  // Over the protections that are on everywhere: names that HFS+ takes for `.git`.
  applyPatch: command(["-c", "core.protectHFS=true", "apply", "--whitespace=nowarn"], { exitCodes: [0, 1, 128] }),
  stashStore: command(["update-ref", "--create-reflog"], { endOfOptions: true }),
  stashApply: command(["stash", "apply", "--quiet"], { exitCodes: [0, 1] }),
  stashDrop: command(["stash", "drop", "--quiet"]),
} as const satisfies Record<string, GitCommand>;

export type GitCommandName = keyof typeof GIT_COMMANDS;
