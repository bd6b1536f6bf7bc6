import { Command, Option } from "commander";
import type { CommandHost, CommandOptions } from "../command-host.ts";
import { factLines, printData, printList } from "../print.ts";
import { onRepository, oneRepoCommand } from "../repo/target.ts";
import { type Text, shown, typed } from "../text.ts";
import { textOfWords, wordsValue } from "../text-words.ts";
import { type Session, sessionData, sessionLine } from "./session-data.ts";

const ID = "id of the session";

interface Committed {
  readonly commit: string;
  readonly tree: string;
  readonly parent: string | null;
}

interface Pushed {
  readonly branch: Text;
  readonly oldOid: string | null;
  readonly newOid: string | null;
}

/** `session …`: worktree sessions. */
export const sessionCommands = (host: CommandHost): Command =>
  new Command("session")
    .description("worktree sessions: private worktrees of a repository")
    .addCommand(openCommand(host))
    .addCommand(listCommand(host))
    .addCommand(showCommand(host))
    .addCommand(renewCommand(host))
    .addCommand(statusCommand(host))
    .addCommand(commitCommand(host))
    .addCommand(pushCommand(host))
    .addCommand(closeCommand(host));

interface OpenOptions extends CommandOptions {
  readonly branch?: string;
  readonly from?: string;
  readonly full?: true;
  readonly push: boolean;
}

function openCommand(host: CommandHost): Command {
  return oneRepoCommand(host, "open", "open a session")
    .option("-b, --branch <name>", "branch to publish to; it need not exist (default: one of its own)")
    .option("--from <revision>", "where to begin (default: the branch, else the default branch)")
    .option("--full", "write all files, not only those that are changed")
    .option("--no-push", "automatic commits stay in the session")
    .action(async (name: string, { branch, from, full, push, ...options }: OpenOptions) => {
      const input = {
        ...(branch === undefined ? {} : { branch: typed(branch) }),
        ...(from === undefined ? {} : { from: typed(from) }),
        checkout: full === true ? "full" : "lazy",
        pushes: push,
      };
      const session = await onRepository(host, name, options, (operations, repository) =>
        operations.call<Session>("openSession", { repository, ...input }),
      );
      await printData(host.output, options, sessionData(session), () => [session.id]);
    });
}

function listCommand(host: CommandHost): Command {
  return oneRepoCommand(host, "list", "list sessions").action((name: string, options: CommandOptions) =>
    onRepository(host, name, options, (operations, repository) =>
      printList(host.output, options, operations.list<Session>("listSessions", { repository }), {
        data: sessionData,
        line: sessionLine,
      }),
    ),
  );
}

/** A command that shows what an operation on one session answers. */
function sessionCommand(host: CommandHost, name: string, description: string, operation: string): Command {
  return oneRepoCommand(host, name, description)
    .argument("<session>", ID)
    .action(async (repo: string, session: string, options: CommandOptions) => {
      const found = await onRepository(host, repo, options, (operations, repository) =>
        operations.call<Session>(operation, { repository, session }),
      );
      const data = sessionData(found);
      await printData(host.output, options, data, () => factLines({ ...data, branch: shown(found.branch) }));
    });
}

const showCommand = (host: CommandHost): Command => sessionCommand(host, "show", "show a session", "showSession");

const renewCommand = (host: CommandHost): Command =>
  sessionCommand(host, "renew", "put the end of a session off", "renewSession");

interface Status {
  readonly items: readonly { readonly path: Text; readonly index: string; readonly worktree: string }[];
  readonly nextCursor: string | null;
}

function statusCommand(host: CommandHost): Command {
  return oneRepoCommand(host, "status", "show what has changed in a session")
    .argument("<session>", ID)
    .action((name: string, session: string, options: CommandOptions) =>
      onRepository(host, name, options, (operations, repository) => {
        async function* entries() {
          let cursor: string | undefined;
          do {
            const input = { repository, session, ...(cursor === undefined ? {} : { cursor }) };
            const { items, nextCursor } = await operations.call<Status>("sessionStatus", input);
            yield* items;
            cursor = nextCursor ?? undefined;
          } while (cursor !== undefined);
        }
        return printList(host.output, options, entries(), {
          data: ({ path, index, worktree }) => ({ path, index, worktree }),
          line: ({ path, index, worktree }) => `${index}\t${worktree}\t${shown(path)}`,
        });
      }),
    );
}

interface CommitOptions extends CommandOptions {
  readonly message: string | readonly string[];
  readonly all?: true;
}

function commitCommand(host: CommandHost): Command {
  return oneRepoCommand(host, "commit", "commit what is staged in a session; everything where nothing is")
    .argument("<session>", ID)
    .addOption(new Option(`-m, --message ${wordsValue(host)}`, "message of the commit").makeOptionMandatory())
    .option("-a, --all", "everything that has changed")
    .action(async (name: string, session: string, { message, all, ...options }: CommitOptions) => {
      const made = await onRepository(host, name, options, (operations, repository) =>
        operations.call<Committed>("commitSession", {
          repository,
          session,
          message: textOfWords(message),
          ...(all === undefined ? {} : { all }),
        }),
      );
      await printData(host.output, options, made, () => [made.commit]);
    });
}

function pushCommand(host: CommandHost): Command {
  return oneRepoCommand(host, "push", "move a session's branch to what the session has committed")
    .argument("<session>", ID)
    .option("-b, --branch <name>", "make this new branch instead")
    .action(async (name: string, session: string, { branch, ...options }: CommandOptions & { branch?: string }) => {
      const pushed = await onRepository(host, name, options, (operations, repository) =>
        operations.call<Pushed>("pushSession", {
          repository,
          session,
          ...(branch === undefined ? {} : { branch: typed(branch) }),
        }),
      );
      const data = { branch: pushed.branch, old: pushed.oldOid, new: pushed.newOid };
      await printData(host.output, options, data, () => [`${shown(pushed.branch)} is ${pushed.newOid ?? "empty"}`]);
    });
}

function closeCommand(host: CommandHost): Command {
  return oneRepoCommand(host, "close", "end a session; what its branch does not have stays in a backup")
    .argument("<session>", ID)
    .option("--discard", "keep no backup")
    .action(async (name: string, session: string, { discard, ...options }: CommandOptions & { discard?: true }) => {
      const closed = await onRepository(host, name, options, (operations, repository) =>
        operations.call<{ readonly id: string; readonly backup: string | null }>("closeSession", {
          repository,
          session,
          discard: discard === true,
        }),
      );
      const kept = closed.backup === null ? "" : `; backup is ${closed.backup}`;
      await printData(host.output, options, closed, () => [`closed ${session}${kept}`]);
    });
}
