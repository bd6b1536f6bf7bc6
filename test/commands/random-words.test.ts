// Whatever is typed, the answer is an answer: an exit status of ours, one line of plain text, and no bug.
import { expect, test } from "bun:test";
import type { Command } from "commander";
import type { CommandHost } from "../../src/commands/command-host.ts";
import { commandsOverSsh } from "../../src/commands/index.ts";
import { ANONYMOUS, CommandStory } from "../support/command-story.ts";
import { Dice } from "../support/dice.ts";

const SEED = Number(process.env["HOLDFAST_TEST_SEED"] ?? Date.now() % 2 ** 32);
const COMMAND_LINES = 600;

const STRANGE = [
  ..."- -- --json -x --help=1 .. ../.. / . alice/one alice/one.git alice HEAD main refs/heads/main HEAD^{tree}".split(
    " ",
  ),
  ...":/x @{-1} --all true false 0 1 -1 1e9 99999999999999999999 30d * __proto__ constructor toString".split(" "),
  ..."ssh-ed25519 AAAA http://x file:///etc/passwd %00 $(id) \u0000 \ufffd \u001b[31m a\nb \ud800 ü 💥".split(" "),
  "",
  " ",
  "x".repeat(3000),
];

/** The commands, to take words from; nothing is run. */
function commands(): Command[] {
  const nothing = { line: async () => {}, bytes: async () => {} };
  const host: CommandHost = {
    place: "ssh",
    output: nothing,
    nowMs: () => 0,
    prepare: (command) => command,
    use: () => Promise.reject(new Error("nothing runs here")),
    confirm: () => false,
  };
  return commandsOverSsh(host);
}

/** All words that commands and options are made of. */
const wordsOf = (command: Command): string[] => [
  command.name(),
  ...command.options.flatMap(({ long, short }) => [long ?? "", short ?? ""]),
  ...command.commands.flatMap(wordsOf),
];

/** A way down the tree of commands. */
function pathIn(dice: Dice, commands: readonly Command[]): string[] {
  const command = dice.pick(commands);
  return [command.name(), ...(command.commands.length === 0 ? [] : pathIn(dice, command.commands))];
}

test(`random command lines, seed ${SEED}`, async () => {
  const dice = new Dice(SEED);
  const story = await CommandStory.open();
  try {
    const callers = [await story.user("alice"), await story.user("root", true), ANONYMOUS];
    const git = await story.repository("alice/one", { owner: callers[0]! });
    await git.commit({ files: { file: "text\n" } });
    const tree = commands();
    const words = tree.flatMap(wordsOf);
    for (let n = 0; n < COMMAND_LINES; n++) {
      const begin = dice.chance(0.9) ? pathIn(dice, tree) : [];
      const rest = Array.from({ length: dice.below(6) }, () => dice.pick(dice.chance(0.8) ? STRANGE : words));
      const argv = [...begin, ...rest];
      const { status, stderr } = await story.run(argv, dice.pick(callers));
      expect({ argv, known: [0, 1, 2].includes(status) }).toEqual({ argv, known: true });
      if (status === 0) expect({ argv, stderr }).toEqual({ argv, stderr: "" });
      else if (!stderr.startsWith("Usage: ")) expect(stderr).toMatch(/^[^\x00-\x1f\x7f-\x9f]{1,1000}\n$/);
    }
  } finally {
    await story.close();
  }
}, 60_000);
