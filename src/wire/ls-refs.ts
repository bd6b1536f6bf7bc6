import type { ByteString } from "../domain/bytes.ts";
import type { Head, Reference, RefName } from "../domain/reference.ts";
import type { PacketText } from "./packet-text.ts";
import { WireRefusal } from "./wire-refusal.ts";

/** From so many prefixes on, all references are given, as git does. */
const PREFIXES_MAX = 65_536;

/** The arguments of `ls-refs` (gitprotocol-v2(5)). */
export interface LsRefsRequest {
  readonly peel: boolean;
  readonly symrefs: boolean;
  readonly unborn: boolean;
  /** Names begin with one of these; all of them when there are none. */
  readonly prefixes: readonly ByteString[];
}

/** Reads the arguments. Throws `protocol_error` for what it does not know. */
export function parseLsRefs(args: readonly ByteString[]): LsRefsRequest {
  let [peel, symrefs, unborn] = [false, false, false];
  const prefixes: ByteString[] = [];
  for (const line of args) {
    if (line === "peel") peel = true;
    else if (line === "symrefs") symrefs = true;
    else if (line === "unborn") unborn = true;
    else if (line.startsWith("ref-prefix ")) prefixes.push(line.slice(11));
    else throw new WireRefusal(`unexpected line: '${line}'`);
  }
  return { peel, symrefs, unborn, prefixes: prefixes.length >= PREFIXES_MAX ? [] : prefixes };
}

/** Adds the line of HEAD, where the request asks for one. */
export function addHeadLine(text: PacketText, head: Head, request: LsRefsRequest): void {
  const { prefixes, symrefs, unborn } = request;
  if (prefixes.length > 0 && !prefixes.some((prefix) => "HEAD".startsWith(prefix))) return;
  const target = symrefs && head.target !== undefined ? ` symref-target:${head.target}` : "";
  if (head.oid !== undefined) text.line(`${head.oid} HEAD${target}`);
  else if (unborn && target !== "") text.line(`unborn HEAD${target}`);
}

/** Adds the lines of references that are not hidden. */
export function addReferenceLines(
  text: PacketText,
  references: readonly Reference[],
  request: LsRefsRequest,
  isHidden: (name: RefName) => boolean,
): void {
  const { peel, symrefs } = request;
  for (const { name, oid, peeledOid, symbolicTarget } of references) {
    if (isHidden(name)) continue;
    let line = `${oid} ${name}`;
    if (symrefs && symbolicTarget !== undefined) line += ` symref-target:${symbolicTarget}`;
    if (peel && peeledOid !== undefined) line += ` peeled:${peeledOid}`;
    text.line(line);
  }
}
