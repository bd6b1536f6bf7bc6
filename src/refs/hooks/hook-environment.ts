import type { Caller, Door } from "../../contract/principal.ts";
import { type ByteString, decodeUtf8 } from "../../domain/bytes.ts";

/** Variables of ours that a hook gets; everything else, secrets first, stays with us. */
const PASSED_ON = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TZ", "LANG", "LC_ALL", "LC_CTYPE"];

/** What Gitaly calls the way a change came. */
const PROTOCOL: Readonly<Record<Door, string>> = {
  gitaly: "web",
  control: "web",
  rest: "web",
  graphql: "web",
  mcp: "web",
  grpc: "web",
  ws: "web",
  sse: "web",
  internal: "web",
  http: "http",
  ssh: "ssh",
  git: "git",
};

/** Where and for whom a hook runs. */
export interface HookSurroundings {
  readonly gitDir: string;
  readonly caller: Caller;
  /** Objects that are not in the repository yet. */
  readonly quarantineDir?: string | undefined;
  readonly pushOptions?: readonly ByteString[] | undefined;
  /** Told what hooks of a push say, as they say it. */
  readonly onOutput?: ((output: Uint8Array) => void) | undefined;
}

/** The environment of a hook: that of githooks(5), and the variables that hooks of GitLab know. */
export function hookEnvironment({
  gitDir,
  caller,
  quarantineDir,
  pushOptions = [],
}: HookSurroundings): Record<string, string> {
  const environment: Record<string, string> = {
    GIT_DIR: gitDir,
    // No configuration of the account that runs the server has a say in what a repository's hooks do.
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_TERMINAL_PROMPT: "0",
    ...userOf(caller),
    GL_REPOSITORY: caller.glRepository ?? "",
    GL_PROJECT_PATH: caller.glProjectPath ?? "",
    GL_PROTOCOL: caller.glProtocol ?? PROTOCOL[caller.door],
  };
  for (const name of PASSED_ON) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  if (quarantineDir !== undefined) {
    environment["GIT_QUARANTINE_PATH"] = quarantineDir;
    environment["GIT_OBJECT_DIRECTORY"] = quarantineDir;
    environment["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = quoted(`${gitDir}/objects`);
  }
  if (pushOptions.length > 0) {
    environment["GIT_PUSH_OPTION_COUNT"] = String(pushOptions.length);
    pushOptions.forEach((option, at) => (environment[`GIT_PUSH_OPTION_${at}`] = decodeUtf8(option)));
  }
  return environment;
}

/** On whose behalf: whom a program in front of us names, else the account that is calling. */
function userOf({ actor, principal: { user, name } }: Caller): { GL_ID: string; GL_USERNAME: string } {
  if (actor !== undefined) return { GL_ID: actor.id, GL_USERNAME: actor.username };
  return user === undefined ? { GL_ID: "", GL_USERNAME: "" } : { GL_ID: `user-${user.id}`, GL_USERNAME: name };
}

/** A path in a list of object directories, whose separator it may contain. */
function quoted(path: string): string {
  return `"${path.replace(/["\\]/g, "\\$&")}"`;
}
