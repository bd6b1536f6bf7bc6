import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  buildExample,
  type RunningCatalog,
  RUNTIMES,
  startCatalog,
} from "../examples/catalog-api/test/support/running-catalog.ts";
import { gitLines, runGit } from "./git-reference.ts";
import { Latencies } from "./measure.ts";
import type { ServerProcess } from "./server-process.ts";
import { ms, type Row, within } from "./table.ts";

const REPOSITORY = "bench-shop/catalog";
const PRODUCTS = 200;
const RELOAD_MAX_MS = 100;
/** No push may take so long: then something has been missed. */
const TOLD_MAX_MS = 10_000;

/** A commit that is ready to be pushed: the whole request to git-receive-pack. */
interface PreparedPush {
  readonly commitId: string;
  readonly request: Buffer<ArrayBuffer>;
}

/** How soon the example's cache has the new version behind a push, from the push's acknowledgement on. */
export async function* catalogReloadRows(server: ServerProcess, storage: string, pushes: number): AsyncGenerator<Row> {
  const gitDir = join(storage, `${REPOSITORY}.git`);
  rmSync(gitDir, { recursive: true, force: true });
  const place = mkdtempSync(join(tmpdir(), "holdfast-bench-catalog-"));
  await buildExample();
  const settings = { HOLDFAST_GITALY_ADDRESS: server.grpc, HOLDFAST_URL: server.http, CATALOG_REPO: REPOSITORY };
  const catalog = await startCatalog(RUNTIMES.node, settings);
  try {
    const [first, ...measured] = preparePushes(place, pushes + 1);
    const told = listen(catalog);
    await push(server, first!);
    await told(first!.commitId);
    const times = new Latencies();
    for (const each of measured) {
      // Told before the push has ended is told at once.
      const toldAtMs = told(each.commitId);
      await push(server, each);
      const acknowledgedAtMs = performance.now();
      times.add(Math.max(0, (await toldAtMs) - acknowledgedAtMs));
    }
    const row = `catalog-api: reload of ${PRODUCTS} products after a push, ${measured.length} pushes`;
    yield within(`${row}, median`, times.p50, RELOAD_MAX_MS, ms);
    yield within(`${row}, 99th percentile`, times.p99, RELOAD_MAX_MS, ms);
  } finally {
    await catalog[Symbol.asyncDispose]();
    rmSync(place, { recursive: true, force: true });
    rmSync(gitDir, { recursive: true, force: true });
  }
}

/** When the cache had a commit, by the clock of this process, which is told by server-sent events. */
function listen(catalog: RunningCatalog): (commitId: string) => Promise<number> {
  const told = new Map<string, PromiseWithResolvers<number>>();
  const entry = (commitId: string) => {
    let found = told.get(commitId);
    if (found === undefined) told.set(commitId, (found = Promise.withResolvers()));
    return found;
  };
  const listening = (async () => {
    for await (const { commitId } of catalog.states())
      if (commitId !== null) entry(commitId).resolve(performance.now());
  })();
  return async (commitId) => {
    let timer: Timer | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`the cache has not heard of ${commitId}`)), TOLD_MAX_MS);
    });
    const ended = listening.then(() => Promise.reject(new Error("the example says no more")));
    try {
      return await Promise.race([entry(commitId).promise, late, ended]);
    } finally {
      clearTimeout(timer);
      // The example is stopped in the end: nobody waits then.
      ended.catch(() => {});
      late.catch(() => {});
    }
  };
}

/** A history in which each commit changes one product, with the pack of each. */
function preparePushes(place: string, count: number): PreparedPush[] {
  runGit(place, ["init", "-q", "--bare"]);
  runGit(place, ["fast-import", "--quiet"], history(count));
  const commits = gitLines(place, ["rev-list", "--reverse", "main"]);
  return commits.map((commitId, at) => {
    const before = commits[at - 1];
    const revisions = before === undefined ? `${commitId}\n` : `${commitId}\n^${before}\n`;
    const command = `${before ?? "0".repeat(40)} ${commitId} refs/heads/main\0 report-status agent=bench`;
    const length = (Buffer.byteLength(command) + 4).toString(16).padStart(4, "0");
    const pack = Bun.spawnSync(["git", "-C", place, "pack-objects", "-q", "--revs", "--stdout"], {
      stdin: Buffer.from(revisions),
    }).stdout;
    return { commitId, request: Buffer.concat([Buffer.from(`${length}${command}0000`), pack]) };
  });
}

function history(count: number): string {
  const lines: string[] = [];
  for (let commit = 0; commit < count; commit++) {
    lines.push("commit refs/heads/main", `committer Jane Doe <jane@example.com> ${1_750_000_000 + commit} +0000`);
    lines.push("data 6", "change");
    for (let n = 0; n < PRODUCTS; n++) {
      if (commit > 0 && n !== commit % PRODUCTS) continue;
      const text = JSON.stringify({ sku: `P-${n}`, name: `Product ${n}`, priceCents: commit, currency: "EUR" });
      lines.push(`M 644 inline products/P-${n}.json`, `data ${text.length}`, text);
    }
  }
  return `${lines.join("\n")}\ndone\n`;
}

/** Pushes as git does over HTTP; resolves when the server has acknowledged it. */
async function push({ http }: ServerProcess, { request }: PreparedPush): Promise<void> {
  const response = await fetch(`${http}/git/${REPOSITORY}/git-receive-pack`, {
    method: "POST",
    headers: { "content-type": "application/x-git-receive-pack-request" },
    body: request,
  });
  const report = await response.text();
  if (!report.includes("ok refs/heads/main")) throw new Error(`the push was refused: ${response.status} ${report}`);
}
