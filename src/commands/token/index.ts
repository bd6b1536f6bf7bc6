import { Command } from "commander";
import type { CommandHost, CommandOptions } from "../command-host.ts";
import { printData, printList } from "../print.ts";
import { repeated } from "../repeated.ts";
import { simpleCommand } from "../simple-command.ts";
import { shownLine } from "../text.ts";
import { durationMs } from "./duration.ts";
import { describeToken, type Token } from "./token-data.ts";

interface TokenOptions extends CommandOptions {
  readonly user?: string;
}

interface CreateOptions extends TokenOptions {
  readonly readOnly?: true;
  readonly repo: readonly string[];
  readonly ref: readonly string[];
  readonly expiresIn?: number;
}

/** Whose tokens they are on the server, where nobody in particular calls. */
const USER_OF_SERVER = "admin";

/** `token …`: the caller's own access tokens; an administrator's, on the server. */
export function tokenCommands(host: CommandHost): Command {
  return new Command("token")
    .description("create, list and revoke access tokens")
    .addCommand(createTokenCommand(host))
    .addCommand(listTokensCommand(host))
    .addCommand(revokeTokenCommand(host));
}

function tokenCommand(host: CommandHost, name: string, description: string): Command {
  const command = simpleCommand(host, name, description);
  return host.place === "server"
    ? command.option("--user <user>", "whose token it is", USER_OF_SERVER)
    : command.option("--user <user>", "whose token it is; yours when left out");
}

const account = ({ user }: TokenOptions) => (user === undefined ? {} : { user });

function createTokenCommand(host: CommandHost): Command {
  return tokenCommand(host, "create", "create an access token; its secret is shown this once")
    .argument("<name>", "what it is for")
    .option("--read-only", "good for reading alone")
    .option("--repo <pattern>", "good for these repositories alone, such as alice/*; may be repeated", repeated, [])
    .option("--ref <pattern>", "changes these references alone, such as refs/heads/*; may be repeated", repeated, [])
    .option("--expires-in <time>", "ends after 90m, 12h, 30d, 1y", durationMs)
    .action(async (name: string, options: CreateOptions) => {
      const { readOnly, repo, ref, expiresIn } = options;
      const input = {
        ...account(options),
        name,
        access: readOnly === true ? "read" : "write",
        ...(repo.length === 0 ? {} : { repositories: repo }),
        ...(ref.length === 0 ? {} : { refs: ref }),
        ...(expiresIn === undefined ? {} : { expiresAtMs: host.nowMs() + expiresIn }),
      };
      const made = await host.use(options, (operations) =>
        operations.call<Token & { token: string }>("createToken", input),
      );
      await printData(host.output, options, { ...describeToken(made), token: made.token }, () => [made.token]);
    });
}

function listTokensCommand(host: CommandHost): Command {
  return tokenCommand(host, "list", "list access tokens, without their secrets").action((options: TokenOptions) =>
    host.use(options, (operations) =>
      printList(host.output, options, operations.list<Token>("listTokens", account(options)), {
        data: describeToken,
        line: (token) => lineOf(token, host.nowMs()),
      }),
    ),
  );
}

function lineOf({ id, name, access, expiresAtMs }: Token, nowMs: number): string {
  const end = expiresAtMs === undefined ? "never expires" : `expires ${new Date(expiresAtMs).toISOString()}`;
  const state = expiresAtMs !== undefined && expiresAtMs <= nowMs ? "expired" : end;
  return `${id}\t${shownLine(name)}\t${access}\t${state}`;
}

function revokeTokenCommand(host: CommandHost): Command {
  return tokenCommand(host, "revoke", "revoke an access token; what is open with it ends")
    .alias("delete")
    .argument("<token>", "its id, or its name where no other has it")
    .action(async (token: string, options: TokenOptions) => {
      const revoked = await host.use(options, (operations) =>
        operations.call<Token>("revokeToken", { ...account(options), token }),
      );
      await printData(host.output, options, describeToken(revoked), () => [`revoked ${shownLine(revoked.name)}`]);
    });
}
