import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isOid, type Oid } from "../domain/oid.ts";
import type { RepositoryView } from "./backend.ts";

/** The ids in the file `shallow` of a repository (gitrepository-layout(5)); none for most repositories, which have no such file. */
export function readShallow({ gitDir, objectFormat }: RepositoryView): Oid[] {
  let text: string;
  try {
    // A file that is not there is told in microseconds; a thread would take longer.
    text = readFileSync(join(gitDir, "shallow"), "latin1");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  return text.split("\n").filter((line) => isOid(line, objectFormat));
}
