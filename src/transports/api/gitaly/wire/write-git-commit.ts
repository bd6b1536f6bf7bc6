import type { Commit } from "../../../../domain/commit.ts";
import type { Identity } from "../../../../domain/identity.ts";
import { isNobody, MESSAGE_TEXT_BYTES_MAX, SIGNATURE_TYPES, subjectOf } from "../git-commit-message.ts";
import type { MessageWriter } from "./message-writer.ts";

/** Writes a field that is a GitCommit: the same bytes as `gitCommitMessage` gives through the general encoder. */
export function writeGitCommit(writer: MessageWriter, field: number, commit: Commit): void {
  const { message } = commit;
  const start = writer.begin(field);
  writer.text(1, commit.oid);
  writer.bytes(2, subjectOf(message));
  writer.bytes(3, message.byteLength > MESSAGE_TEXT_BYTES_MAX ? message.subarray(0, MESSAGE_TEXT_BYTES_MAX) : message);
  if (!isNobody(commit.author)) writeCommitAuthor(writer, 4, commit.author);
  if (!isNobody(commit.committer)) writeCommitAuthor(writer, 5, commit.committer);
  for (const parent of commit.parentOids) writer.text(6, parent);
  writer.integer(7, message.byteLength);
  writer.integer(8, SIGNATURE_TYPES[commit.signatureType]);
  writer.text(9, commit.treeOid);
  if (commit.encoding !== "") writer.bytes(13, Buffer.from(commit.encoding, "utf8"));
  writer.end(start);
}

/** Writes a field that is a CommitAuthor. */
function writeCommitAuthor(writer: MessageWriter, field: number, { name, email, seconds, timezone }: Identity): void {
  const start = writer.begin(field);
  writer.bytes(1, name);
  writer.bytes(2, email);
  if (seconds !== undefined) {
    const date = writer.begin(3);
    writer.bigInteger(1, seconds);
    writer.end(date);
  }
  writer.text(4, timezone);
  writer.end(start);
}
