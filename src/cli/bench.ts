import { join } from "node:path";
import { Command } from "commander";
import { CommandFailure } from "../commands/failure.ts";

const BENCH = join(import.meta.dir, "..", "..", "bench", "main.ts");

/** `holdfast bench`: hands over to bench/, which has options of its own. */
export function benchCommand(): Command {
  return new Command("bench")
    .description("measure a server against references of the same run (bench --help tells more)")
    .allowUnknownOption()
    .allowExcessArguments()
    .helpOption(false)
    .action(async (_options: object, command: Command) => {
      const bench = Bun.spawn([process.execPath, BENCH, ...command.args], { stdio: ["inherit", "inherit", "inherit"] });
      const code = await bench.exited;
      if (code !== 0) throw new CommandFailure(`bench ended with ${code}`);
    });
}
