import type { ByteString } from "../domain/bytes.ts";
import { isOid, type ObjectFormat, type Oid } from "../domain/oid.ts";
import { PacketText } from "./packet-text.ts";
import { WireRefusal } from "./wire-refusal.ts";

/** The arguments of `object-info` (gitprotocol-v2(5)). */
export interface ObjectInfoRequest {
  readonly size: boolean;
  readonly oids: readonly Oid[];
}

export function parseObjectInfo(args: readonly ByteString[], format: ObjectFormat): ObjectInfoRequest {
  let size = false;
  const oids: Oid[] = [];
  for (const line of args) {
    if (line === "size") size = true;
    else if (!line.startsWith("oid ")) throw new WireRefusal(`object-info: unexpected line: '${line}'`);
    else if (isOid(line.slice(4), format)) oids.push(line.slice(4));
    else throw new WireRefusal(`object-info: protocol error, expected to get oid, not '${line.slice(4)}'`);
  }
  return { size, oids };
}

/** The answer; a size is undefined for an object that is not there. */
export function formatObjectInfo({ size, oids }: ObjectInfoRequest, sizes: readonly (number | undefined)[]): Buffer {
  const text = new PacketText();
  if (size && oids.length > 0) text.line("size");
  for (const [index, oid] of oids.entries()) {
    const found = sizes[index];
    text.line(found === undefined ? `${oid} ` : size ? `${oid} ${found}` : oid);
  }
  return text.flush().take();
}
