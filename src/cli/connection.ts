import type { Config } from "../config.ts";
import { ControlClient } from "../transports/control/client.ts";
import { CommandFailure } from "../commands/failure.ts";

/** Runs a command's work against the running server; when there is none, against one without doors in this process. */
export async function withServer<T>(config: Config, use: (server: ControlClient) => Promise<T>): Promise<T> {
  const client = new ControlClient(config.data);
  if (await client.isServed()) return use(client);
  const { serveWithoutDoors } = await import("./serve.ts");
  const server = await serveWithoutDoors(config);
  try {
    return await use(client);
  } finally {
    await server.stop();
  }
}

/** Runs a command's work against the running server, which must be there. */
export async function withRunningServer<T>(config: Config, use: (server: ControlClient) => Promise<T>): Promise<T> {
  const client = new ControlClient(config.data);
  if (!(await client.isServed())) throw new CommandFailure(`no server is running on ${config.data}`);
  return use(client);
}
