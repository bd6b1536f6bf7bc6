import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { GitalyClient } from "@holdfast/client";
import { createYoga } from "graphql-yoga";
import { CatalogCache } from "./catalog-cache.ts";
import { CatalogRepository } from "./catalog-repository.ts";
import { refused } from "./request-guard.ts";
import { catalogSchema } from "./schema.ts";
import type { Settings } from "./settings.ts";

/** An API that answers. */
export interface CatalogApi {
  readonly url: string;
  /** Rejects with what ended it, when it was not `close`. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

/** Makes the repository if need be, reads the catalog, and answers once it is there. */
export async function startCatalogApi(settings: Settings, log: (line: string) => void): Promise<CatalogApi> {
  const { gitalyAddress, gitalyToken, host, port } = settings;
  const git = new GitalyClient({
    address: gitalyAddress,
    ...(gitalyToken !== undefined && { token: gitalyToken }),
  });
  const stopping = new AbortController();
  try {
    const repository = new CatalogRepository(git, settings);
    await repository.ensure();
    const cache = new CatalogCache(git, settings, log);
    let following!: Promise<void>;
    await new Promise<void>((resolve, reject) => {
      following = cache.follow(stopping.signal, resolve);
      following.catch(reject);
    });
    const yoga = createYoga({ schema: catalogSchema(cache, repository), logging: false, graphiql: true, cors: false });
    const server = createServer((request, response) => {
      if (!refused(request, response)) void yoga(request, response);
    });
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, host, resolve));
    const close = async (): Promise<void> => {
      stopping.abort();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await Promise.all([closed, following.catch(() => {})]);
      git.close();
    };
    const { port: listening } = server.address() as AddressInfo;
    return { url: `http://${host.includes(":") ? `[${host}]` : host}:${listening}/graphql`, ended: following, close };
  } catch (error) {
    stopping.abort();
    git.close();
    throw error;
  }
}
