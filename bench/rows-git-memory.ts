import { closeSync, openSync, writeSync } from "node:fs";
import { randomFillSync } from "node:crypto";
import { join } from "node:path";
import type { BenchRepository } from "./bench-context.ts";
import { addressesOf, type GitClient } from "./git-client.ts";
import { peakResidentBytes, residentBytes } from "./process-cost.ts";
import type { ServerProcess } from "./server-process.ts";
import { mib, type Row, within } from "./table.ts";

const MIB = 1024 * 1024;
const CLONES_AT_ONCE = 8;

/** Memory of the server alone, its children apart: while many clone, and while one pushes very much. */
export async function* transferMemoryRows(
  server: ServerProcess,
  client: GitClient,
  large: BenchRepository,
  empty: BenchRepository,
  pushMib: number,
): AsyncGenerator<Row> {
  await client.git(["ls-remote", addressesOf(server, large.gitDir, large.target.relativePath).http]);
  const idle = residentBytes(server.pid);
  const { http } = addressesOf(server, large.gitDir, large.target.relativePath);
  const cloning = await peakResidentBytes(server.pid, () =>
    Promise.all(
      Array.from({ length: CLONES_AT_ONCE }, (_, n) =>
        client.git(["clone", "-q", "--bare", http, client.fresh(`memory-${n}`)]),
      ),
    ),
  );
  yield within(`memory of ours during ${CLONES_AT_ONCE} clones of a large repository`, cloning, idle + 64 * MIB, mib);
  const place = await incompressible(client, pushMib);
  const target = addressesOf(server, empty.gitDir, empty.target.relativePath).http;
  const pushing = await peakResidentBytes(server.pid, () =>
    client.git(["push", "-q", target, "HEAD:refs/heads/large"], place),
  );
  yield within(`memory of ours during a push of ${pushMib} MiB`, pushing, idle + 64 * MIB, mib);
}

/** A repository with one commit of files that do not compress. */
async function incompressible(client: GitClient, totalMib: number): Promise<string> {
  const place = client.fresh("incompressible");
  await client.git(["init", "-q", place]);
  await client.git(["config", "core.compression", "0"], place);
  await client.git(["config", "core.bigFileThreshold", "1m"], place);
  const buffer = Buffer.alloc(MIB);
  const fileMib = 64;
  for (let at = 0; at < totalMib; at += fileMib) {
    const fd = openSync(join(place, `file-${at}`), "w");
    for (let n = 0; n < Math.min(fileMib, totalMib - at); n++) writeSync(fd, randomFillSync(buffer));
    closeSync(fd);
  }
  await client.git(["add", "."], place);
  await client.git(["commit", "-q", "-m", "Large"], place);
  return place;
}
