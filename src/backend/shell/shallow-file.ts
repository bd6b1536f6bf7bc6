import { randomUUID } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { OperationError } from "../../domain/errors.ts";
import { isOid, type Oid } from "../../domain/oid.ts";
import type { RepositoryView } from "../backend.ts";
import { readShallow } from "../read-shallow.ts";

/**
 * Runs something with a shallow file that names the client's commits besides the repository's own, as receive-pack does
 * (its alt_shallow_file), and removes the file. Without such commits there is no file.
 */
export async function withShallowFile<T>(
  view: RepositoryView,
  shallow: readonly Oid[],
  work: (env: Readonly<Record<string, string>>) => Promise<T>,
): Promise<T> {
  if (shallow.length === 0) return work({});
  for (const oid of shallow) {
    if (!isOid(oid, view.objectFormat)) throw new OperationError("invalid_object_id", { value: oid, field: "shallow" });
  }
  const all = new Set([...readShallow(view), ...shallow]);
  const directory = view.quarantineDir ?? view.gitDir;
  await mkdir(directory, { recursive: true });
  const path = `${directory}/shallow_${randomUUID()}`;
  try {
    await writeFile(path, [...all].map((oid) => `${oid}\n`).join(""), { flag: "wx" });
    return await work({ GIT_SHALLOW_FILE: path });
  } finally {
    await rm(path, { force: true });
  }
}
