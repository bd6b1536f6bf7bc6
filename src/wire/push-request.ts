import type { ByteString } from "../domain/bytes.ts";
import { OperationError } from "../domain/errors.ts";
import { isOid, isZeroOid, OID_HEX_LENGTH, type ObjectFormat, type Oid } from "../domain/oid.ts";
import type { RefName } from "../domain/reference.ts";
import { Capabilities } from "./capabilities.ts";
import { lineOf, type Packet, type PacketReader } from "./pkt-line.ts";
import {
  COMMAND_BYTES_MAX,
  COMMANDS_MAX,
  NAME_BYTES_MAX,
  PUSH_OPTION_BYTES_MAX,
  PUSH_OPTIONS_MAX,
  SHALLOW_LINES_MAX,
} from "./push-limits.ts";
import { WireRefusal } from "./wire-refusal.ts";

/** A reference that a push shall move; zeros stand for "does not exist" and "delete it". The name is as the client sent it. */
export interface PushCommand {
  readonly name: RefName;
  readonly oldOid: Oid;
  readonly newOid: Oid;
}

/** Which report a client wants of its push, if any (gitprotocol-capabilities(5)). */
export type ReportKind = "none" | "report-status" | "report-status-v2";

/**
 * What a client says before its pack: commands, where its history ends, options for hooks (gitprotocol-pack(5), reference update
 * request). Filled while it is read, so that a request that breaks off can be answered in the way the client understands.
 */
export class PushRequest {
  readonly commands: PushCommand[] = [];
  /** Where the client's history ends: commits that it has without their parents. */
  readonly shallow: Oid[] = [];
  readonly pushOptions: ByteString[] = [];
  /** By the client's word; the repository's, where there is one, must be the same. */
  objectFormat: ObjectFormat = "sha1";
  report: ReportKind = "none";
  sideband = false;
  atomic = false;
  quiet = false;
  agent: string | undefined;

  #bytes = 0;
  #hasCapabilities = false;

  /** Does a pack follow? A push that only deletes sends none. */
  get hasPack(): boolean {
    return this.commands.some(({ newOid }) => !isZeroOid(newOid));
  }

  /**
   * Reads the request up to where the pack begins. A client that has nothing to push says nothing: then there are no commands.
   * Throws `protocol_error`, `too_large`.
   */
  async read(reader: PacketReader, repositoryFormat: ObjectFormat | undefined): Promise<void> {
    if (repositoryFormat !== undefined) this.objectFormat = repositoryFormat;
    let wantsOptions = false;
    for (;;) {
      const packet = await reader.next();
      if (packet === "flush" || (packet === undefined && this.#isEmpty)) break;
      const line = textOf(packet, "commands");
      this.#count(line, "list of commands", COMMAND_BYTES_MAX);
      const [command, capabilities] = splitOnce(line, "\0");
      if (capabilities !== undefined && !this.#hasCapabilities) {
        wantsOptions = this.#takeCapabilities(Capabilities.parse(capabilities), repositoryFormat);
      }
      this.#takeLine(command);
    }
    if (wantsOptions && this.commands.length > 0) await this.#readOptions(reader);
  }

  get #isEmpty(): boolean {
    return this.commands.length === 0 && this.shallow.length === 0;
  }

  #takeCapabilities(capabilities: Capabilities, repositoryFormat: ObjectFormat | undefined): boolean {
    this.#hasCapabilities = true;
    this.sideband = capabilities.has("side-band-64k");
    this.atomic = capabilities.has("atomic");
    this.quiet = capabilities.has("quiet");
    this.agent = capabilities.value("agent");
    if (capabilities.has("report-status-v2")) this.report = "report-status-v2";
    else if (capabilities.has("report-status")) this.report = "report-status";
    const format = capabilities.value("object-format") ?? "sha1";
    if (format !== "sha1" && format !== "sha256") throw new WireRefusal(`unknown object format '${format}'`);
    if (repositoryFormat !== undefined && format !== repositoryFormat) {
      throw new WireRefusal(`mismatched object format: server ${repositoryFormat}; client ${format}`);
    }
    this.objectFormat = format;
    return capabilities.has("push-options");
  }

  #takeLine(line: ByteString): void {
    if (line.startsWith("shallow ")) {
      const oid = line.slice("shallow ".length);
      if (!isOid(oid, this.objectFormat)) throw new WireRefusal(`expected shallow oid, got '${shown(oid)}'`);
      if (this.shallow.push(oid) > SHALLOW_LINES_MAX) throw tooMany("shallow lines of a push", SHALLOW_LINES_MAX);
      return;
    }
    if (line === "push-cert") throw new WireRefusal("signed pushes are not supported");
    const length = OID_HEX_LENGTH[this.objectFormat];
    const oldOid = line.slice(0, length);
    const newOid = line.slice(length + 1, 2 * length + 1);
    const name = line.slice(2 * length + 2);
    const spaces = line[length] === " " && line[2 * length + 1] === " ";
    const isNamed = name !== "" && name.length <= NAME_BYTES_MAX;
    const isCommand = spaces && isOid(oldOid, this.objectFormat) && isOid(newOid, this.objectFormat) && isNamed;
    if (!isCommand) throw new WireRefusal(`expected old/new/ref, got '${shown(line)}'`);
    if (this.commands.push({ name, oldOid, newOid }) > COMMANDS_MAX) throw tooMany("commands of a push", COMMANDS_MAX);
  }

  async #readOptions(reader: PacketReader): Promise<void> {
    this.#bytes = 0;
    for (;;) {
      const packet = await reader.next();
      if (packet === "flush") return;
      const option = textOf(packet, "push options");
      this.#count(option, "push options", PUSH_OPTION_BYTES_MAX);
      if (option.includes("\0")) throw new WireRefusal("a push option contains a NUL byte");
      if (this.pushOptions.push(option) > PUSH_OPTIONS_MAX) throw tooMany("push options", PUSH_OPTIONS_MAX);
    }
  }

  #count(line: ByteString, what: string, limitBytes: number): void {
    this.#bytes += line.length;
    if (this.#bytes > limitBytes) throw new OperationError("too_large", { what, sizeBytes: this.#bytes, limitBytes });
  }
}

function textOf(packet: Packet | undefined, what: string): ByteString {
  if (packet === undefined)
    throw new OperationError("protocol_error", { problem: `the input ends within the ${what}` });
  if (typeof packet === "string") throw new WireRefusal(`unexpected ${packet} packet within the ${what}`);
  return lineOf(packet);
}

function splitOnce(line: ByteString, separator: string): [ByteString, ByteString?] {
  const at = line.indexOf(separator);
  return at < 0 ? [line] : [line.slice(0, at), line.slice(at + 1)];
}

const SHOWN_MAX = 200;
/** What a client sent, as far as it fits into a line of a message. */
const shown = (text: ByteString): string => text.slice(0, SHOWN_MAX).replaceAll(/[^\x20-\x7e]/g, "?");

function tooMany(what: string, limit: number): OperationError {
  return new OperationError("limit_exceeded", { limit: what, maximum: limit, retryAfterMs: 0 });
}
