// Starts the API as the environment says, prints one line when it answers, and stops on SIGTERM and SIGINT.
import { readSettings } from "./settings.ts";
import { type CatalogApi, startCatalogApi } from "./start-catalog-api.ts";

const log = (line: string): void => void process.stderr.write(`catalog-api: ${line}\n`);

function fail(error: unknown): never {
  log(error instanceof Error ? error.message : String(error));
  process.exit(1);
}

let api: CatalogApi;
try {
  api = await startCatalogApi(readSettings(process.env), log);
} catch (error) {
  fail(error);
}
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, () => void api.close().then(() => process.exit(0), fail));
}
process.stdout.write(`catalog-api ready ${api.url}\n`);
await api.ended.catch(fail);
