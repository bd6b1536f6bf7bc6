import type { RepositoryView } from "../backend.ts";
import type { WorktreeView } from "../worktree-facet.ts";

/**
 * Configuration that every run gets over the repository's own. What decides answers (replaced objects, big files, abbreviated
 * names), what waits (lock timeouts), what is durable (fsync), and what must not start by itself (gc, hooks, file monitor).
 */
const CONFIG: Readonly<Record<string, string>> = {
  // A repository may belong to another user: storage has decided already that it is served.
  "safe.directory": "*",
  "core.hooksPath": "/dev/null",
  "core.fsmonitor": "false",
  "core.useReplaceRefs": "false",
  "core.bigFileThreshold": "50m",
  "core.quotePath": "true",
  "core.alternateRefsCommand": "exit 0 #",
  "core.filesRefLockTimeout": "1000",
  "core.packedRefsTimeout": "1000",
  "core.fsync": "all",
  "core.fsyncMethod": "fsync",
  "gc.auto": "0",
  "maintenance.auto": "0",
  "advice.objectNameWarning": "false",
  "core.warnAmbiguousRefs": "true",
  "i18n.logOutputEncoding": "UTF-8",
};

/** Configuration as the environment of a run carries it. */
function configVariables(config: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(config);
  const variables: Record<string, string> = { GIT_CONFIG_COUNT: String(entries.length) };
  entries.forEach(([key, value], index) => {
    variables[`GIT_CONFIG_KEY_${index}`] = key;
    variables[`GIT_CONFIG_VALUE_${index}`] = value;
  });
  return variables;
}

/** Variables by which a run gets more configuration than the others, or another one. */
export function withConfig(config: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return configVariables({ ...CONFIG, ...config });
}

/** The whole environment of a child, but for the repository: nothing of ours leaks in, save where programs are found. */
const FIXED: Readonly<Record<string, string>> = {
  PATH: process.env["PATH"] ?? "/usr/bin:/bin",
  HOME: "/nonexistent",
  XDG_CONFIG_HOME: "/nonexistent",
  LC_ALL: "C",
  GIT_DIR: ".",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_ATTR_NOSYSTEM: "1",
  GIT_TERMINAL_PROMPT: "0",
  GIT_ASKPASS: "/bin/false",
  GIT_PAGER: "cat",
  GIT_NO_REPLACE_OBJECTS: "1",
  GIT_OPTIONAL_LOCKS: "0",
  // Reflogs want to know who; who it was stands in the journal.
  GIT_AUTHOR_NAME: "Holdfast",
  GIT_AUTHOR_EMAIL: "holdfast@localhost",
  GIT_COMMITTER_NAME: "Holdfast",
  GIT_COMMITTER_EMAIL: "holdfast@localhost",
  ...configVariables(CONFIG),
};

/** Objects in the quarantine are flushed once, when they are migrated. */
const QUARANTINED: Readonly<Record<string, string>> = {
  ...FIXED,
  ...configVariables({ ...CONFIG, "core.fsync": "none" }),
};

/** Environment of a run in a repository's directory; with a quarantine as receive-pack sets it for its hooks (githooks(5)). */
export function gitEnvironment(view: RepositoryView): Readonly<Record<string, string>> {
  if (isWorktree(view)) return { ...FIXED, GIT_WORK_TREE: view.workTree, GIT_LITERAL_PATHSPECS: "1" };
  if (view.quarantineDir === undefined) return FIXED;
  return {
    ...QUARANTINED,
    GIT_OBJECT_DIRECTORY: view.quarantineDir,
    GIT_QUARANTINE_PATH: view.quarantineDir,
    GIT_ALTERNATE_OBJECT_DIRECTORIES: alternates([`${view.gitDir}/objects`]),
  };
}

const isWorktree = (view: RepositoryView): view is WorktreeView => "workTree" in view;

/** A list of object directories as git reads it: quoted, since a path may contain the separator. */
export function alternates(paths: readonly string[]): string {
  return paths.map((path) => `"${path.replace(/["\\]/g, "\\$&")}"`).join(":");
}
