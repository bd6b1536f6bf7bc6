import { Command } from "commander";
import type { Config } from "../config.ts";
import type { RunningServer } from "../main.ts";
import { addSettingsOptions, configOf, type SettingsOptions } from "./settings-options.ts";
import type { Terminal } from "./terminal.ts";

/** `holdfast serve`: opens every door and stays until it is told to stop. SIGHUP reads the certificate again. */
export function serveCommand(terminal: Terminal): Command {
  const command = new Command("serve").description("serve repositories (flags win over the environment and the file)");
  return addSettingsOptions(command).action(async (options: SettingsOptions) => {
    const config = configOf(options, terminal);
    const server = await start(config);
    const stopped = untilToldToStop(server);
    // Without a certificate it keeps its meaning: the terminal has gone.
    if (config.tlsCert !== undefined) process.on("SIGHUP", () => server.reload());
    terminal.print(readyLine(server));
    for (const line of nextSteps(server, config)) terminal.remark(line);
    await stopped;
  });
}

/** A server that only commands of this process reach, for work on a data directory that nobody serves. */
export function serveWithoutDoors(config: Config): Promise<RunningServer> {
  return start({
    ...config,
    httpPort: "off",
    grpcPort: "off",
    sshPort: "off",
    gitPort: "off",
    metricsPort: "off",
    logLevel: "error",
    canaryPercent: 0,
  });
}

/** Loaded late: the other commands start faster without a server's modules. */
async function start(config: Config): Promise<RunningServer> {
  const { serve } = await import("../main.ts");
  return serve(config);
}

/** Waits for SIGTERM or SIGINT, then drains. A second signal does not wait. */
async function untilToldToStop(server: RunningServer): Promise<void> {
  await new Promise<void>((resolve) => {
    let told = false;
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      process.on(signal, () => {
        if (told) process.exit(1);
        told = true;
        resolve();
      });
    }
  });
  await server.stop();
}

/** The line that other programs wait for: `holdfast ready http=… grpc=…`. */
function readyLine({ addresses }: RunningServer): string {
  const doors = Object.entries(addresses).map(([door, address]) => `${door}=${address}`);
  return ["holdfast ready", ...doors].join(" ");
}

/** What somebody who sees the server for the first time may type next; only on a terminal. */
function nextSteps({ addresses }: RunningServer, { publicUrl }: Pick<Config, "publicUrl">): string[] {
  if (!process.stderr.isTTY && process.env["npm_lifecycle_event"] !== "start") return [];
  const { ssh } = addresses;
  const http = addresses["http"] && (publicUrl?.href.replace(/\/$/, "") ?? addresses["http"]);
  const [host, port] = [ssh?.slice(0, ssh.lastIndexOf(":")), ssh?.slice(ssh.lastIndexOf(":") + 1)];
  const steps = [
    "npx holdfast user create alice --admin",
    'npx holdfast key add alice "$(cat ~/.ssh/id_ed25519.pub)"',
    `${ssh === undefined ? "npx holdfast" : `ssh -p ${port} ${host}`} repo create alice/hello`,
    ...(ssh === undefined ? [] : [`git clone ssh://${ssh}/alice/hello`]),
    ...(http === undefined ? [] : [`git clone ${http}/alice/hello.git`]),
    "npx holdfast --help",
  ];
  return [
    "",
    "Next, in another terminal:",
    ...steps.map((step) => `  ${step}`),
    "  docs/reference/commands.md lists what there is; README.md shows a first commit over gRPC",
    "",
  ];
}
