import { createHash, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { link, mkdir, open, unlink } from "node:fs/promises";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import type { ObjectType } from "../domain/git-object.ts";
import type { ObjectFormat, Oid } from "../domain/oid.ts";
import { flush } from "./migrate-quarantine.ts";

/**
 * Writes an object as a file of its own into an object directory (gitrepository-layout(5)): durably, or as a file that whoever lets something refer
 * to it flushes before.
 */
export async function writeLooseObject(
  objectsDir: string,
  objectFormat: ObjectFormat,
  type: ObjectType,
  content: Uint8Array,
  { durable }: { readonly durable: boolean },
): Promise<Oid> {
  const whole = Buffer.concat([Buffer.from(`${type} ${content.length}\0`), content]);
  const oid = createHash(objectFormat).update(whole).digest("hex");
  const folder = join(objectsDir, oid.slice(0, 2));
  const place = join(folder, oid.slice(2));
  if (existsSync(place)) return oid;
  const made = await mkdir(folder, { recursive: true });
  const written = join(folder, `tmp_obj_${randomBytes(6).toString("hex")}`);
  const handle = await open(written, "wx", 0o444);
  try {
    await handle.writeFile(deflateSync(whole, { level: 1 }));
    if (durable) await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    await link(written, place);
  } catch (error) {
    // Somebody else has written the same.
    if ((error as { code?: string }).code !== "EEXIST") throw error;
  } finally {
    await unlink(written);
  }
  if (!durable) return oid;
  await flush(folder);
  if (made !== undefined) await flush(objectsDir);
  return oid;
}
