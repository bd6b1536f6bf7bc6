import { Command } from "commander";
import type { Config } from "../../config.ts";
import { CommandFailure } from "../../commands/failure.ts";
import { addSettingsOptions, configOf, type SettingsOptions } from "../settings-options.ts";
import { printData, type Terminal } from "../terminal.ts";
import type { Finding } from "./finding.ts";
import { checkClock, checkDataDirectory, checkDisk, checkPorts } from "./machine.ts";
import { checkAddon, checkGit, checkLibgit2 } from "./programs.ts";
import { checkCertificate, checkDatabase } from "./services.ts";

const MARKS: Readonly<Record<Finding["verdict"], string>> = { good: "ok", warning: "warn", problem: "FAIL" };

/** `holdfast doctor`: looks at what a server needs, and says what to do. Fails when there is a problem. */
export function doctorCommand(terminal: Terminal): Command {
  const command = new Command("doctor")
    .description("check git, libgit2, the addon, ports, the data directory, database, certificate, clock and disk")
    .option("--json", "print JSON");
  return addSettingsOptions(command).action(async (options: SettingsOptions & { json?: true }) => {
    const findings = await examine(configOf(options, terminal));
    printData(terminal, options.json === true, findings, () => findings.flatMap(linesOf));
    const problems = findings.filter(({ verdict }) => verdict === "problem");
    if (problems.length > 0)
      throw new CommandFailure(`${problems.length} to be solved: ${problems.map(({ check }) => check).join(", ")}`);
  });
}

async function examine(config: Config): Promise<Finding[]> {
  const programs = [checkGit(), checkLibgit2(), checkAddon()];
  return [
    ...programs,
    await checkDataDirectory(config),
    await checkDatabase(config),
    ...(await checkPorts(config)),
    checkCertificate(config),
    checkClock(config),
    checkDisk(config),
  ].filter((finding) => finding !== undefined);
}

function linesOf({ check, verdict, found, advice }: Finding): string[] {
  const line = `${MARKS[verdict].padEnd(5)} ${check.padEnd(16)} ${found}`;
  return advice === undefined ? [line] : [line, `${" ".repeat(23)}${advice}`];
}
