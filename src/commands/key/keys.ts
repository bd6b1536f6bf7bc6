import type { CommandHost, CommandOptions } from "../command-host.ts";
import { printData, printList } from "../print.ts";
import { shownLine } from "../text.ts";
import { describeKey, type Key } from "./key-data.ts";

/** The account that a command is about; absent: the caller's own. */
export type Account = { readonly user?: string };

/** Registers a key; its words are those of a line of authorized_keys(5). */
export async function addKey(
  host: CommandHost,
  account: Account,
  words: readonly string[],
  options: CommandOptions,
): Promise<void> {
  const input = { ...account, key: words.join(" ") };
  const key = await host.use(options, (operations) => operations.call<Key>("addKey", input));
  await printData(host.output, options, describeKey(key), () => [`added ${key.fingerprint} to ${key.user}`]);
}

/** Lists an account's keys, each as its line. */
export function listKeys(host: CommandHost, account: Account, options: CommandOptions): Promise<void> {
  return host.use(options, (operations) =>
    printList(host.output, options, operations.list<Key>("listKeys", account), {
      data: describeKey,
      line: ({ line }) => shownLine(line),
    }),
  );
}

/** Removes a key, by its line, its fingerprint or its id. */
export async function removeKey(
  host: CommandHost,
  account: Account,
  words: readonly string[],
  options: CommandOptions,
): Promise<void> {
  const input = { ...account, key: words.join(" ") };
  const key = await host.use(options, (operations) => operations.call<Key>("removeKey", input));
  await printData(host.output, options, describeKey(key), () => [`removed ${key.fingerprint} from ${key.user}`]);
}
