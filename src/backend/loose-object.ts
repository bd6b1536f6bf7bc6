import { createHash, randomBytes } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import type { ObjectType } from "../domain/git-object.ts";
import type { ObjectFormat, Oid } from "../domain/oid.ts";
import { flush, flushDescriptor, writeWhole } from "./flush.ts";

/** Is what is written on the disk when that is answered? If not, whoever lets something refer to it flushes it before. */
export interface WriteOptions {
  readonly durable: boolean;
}

/** An object with its id, as it is hashed. */
export interface NamedObject {
  readonly oid: Oid;
  readonly whole: Buffer;
}

/** Finds the id of an object. */
export function nameObject(objectFormat: ObjectFormat, type: ObjectType, content: Uint8Array): NamedObject {
  const whole = Buffer.concat([Buffer.from(`${type} ${content.length}\0`), content]);
  return { oid: createHash(objectFormat).update(whole).digest("hex"), whole };
}

/** Writes an object as a file of its own into an object directory (gitrepository-layout(5)). */
export async function writeLooseObject(
  objectsDir: string,
  objectFormat: ObjectFormat,
  type: ObjectType,
  content: Uint8Array,
  options: WriteOptions,
): Promise<Oid> {
  return await writeNamedObject(objectsDir, nameObject(objectFormat, type, content), options);
}

/** The same for an object whose id is known. */
export async function writeNamedObject(
  objectsDir: string,
  { oid, whole }: NamedObject,
  { durable }: WriteOptions,
): Promise<Oid> {
  const folder = join(objectsDir, oid.slice(0, 2));
  const place = join(folder, oid.slice(2));
  if (existsSync(place)) return oid;
  const made = mkdirSync(folder, { recursive: true });
  const written = join(folder, `tmp_obj_${randomBytes(6).toString("hex")}`);
  try {
    const fd = openSync(written, "wx", 0o444);
    try {
      await writeWhole(fd, deflateSync(whole, { level: 1 }));
      if (durable) await flushDescriptor(fd);
    } finally {
      closeSync(fd);
    }
    // Whoever has written the same has written the same bytes.
    renameSync(written, place);
  } catch (error) {
    rmSync(written, { force: true });
    throw error;
  }
  if (durable) await Promise.all([folder, ...(made === undefined ? [] : [objectsDir])].map(flush));
  return oid;
}
