import type { Command } from "commander";
import { withServer } from "../connection.ts";
import { configOf } from "../settings-options.ts";
import { printData, type Terminal } from "../terminal.ts";
import { describeTarget, existingTarget, repoCommand, type RepoOptions } from "./target.ts";

interface Shown {
  readonly objectFormat: string;
  readonly path: string;
  readonly head?: string;
  readonly headOid?: string;
  readonly branches: number;
  readonly tags: number;
  readonly references: number;
}

/** `holdfast repo show NAME`. */
export function showCommand(terminal: Terminal): Command {
  return repoCommand("show", "show a repository")
    .argument("<name>", "full name")
    .action(async (name: string, options: RepoOptions) => {
      const data = await withServer(configOf(options, terminal), async (server) => {
        const repository = await existingTarget(server, name, options.storage);
        const shown = await server.call<Shown>("showRepository", { repository });
        const { branches, tags, references, path } = shown;
        return {
          ...describeTarget(repository),
          object_format: shown.objectFormat,
          head: shown.head ?? null,
          head_oid: shown.headOid ?? null,
          branches,
          tags,
          references,
          path,
        };
      });
      printData(terminal, options.json === true, data, () =>
        Object.entries(data).map(([key, value]) => `${key.replaceAll("_", " ").padEnd(14)} ${value ?? "none"}`),
      );
    });
}
