import type { ByteString } from "../domain/bytes.ts";
import type { RefName } from "../domain/reference.ts";
import { PacketText } from "./packet-text.ts";

/** What became of one command of a push: done, or why not, in words that git's users know. */
export interface CommandStatus {
  readonly name: RefName;
  readonly problem?: ByteString | undefined;
}

/** The longest reason in a report, so that it fits into a line with any name. */
const PROBLEM_BYTES_MAX = 1000;

/**
 * The report of a push (gitprotocol-pack(5), report-status), flush included. `unpack` is why the pack was refused, absent when it was
 * not. The lines of report-status-v2 are the same for as long as every reference is changed by the name that the client gave.
 */
export function reportStatus(unpack: ByteString | undefined, statuses: readonly CommandStatus[]): Buffer {
  const text = new PacketText().line(`unpack ${unpack === undefined ? "ok" : inLine(unpack)}`);
  for (const { name, problem } of statuses) {
    text.line(problem === undefined ? `ok ${name}` : `ng ${name} ${inLine(problem)}`);
  }
  return text.flush().take();
}

const inLine = (problem: ByteString): ByteString => problem.replaceAll(/[\n\r\0]+/g, " ").slice(0, PROBLEM_BYTES_MAX);
