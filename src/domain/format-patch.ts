import type { ByteString } from "./bytes.ts";
import type { FilePatch } from "./diff.ts";
import type { FileMode } from "./git-object.ts";
import { isZeroOid, type Oid } from "./oid.ts";
import { quotePath } from "./quote-path.ts";

const NOTHING = "/dev/null";

/** A file's change as `git diff --full-index` prints it (git-diff(1), "Generating patch text"). */
export function formatPatch(patch: FilePatch): Uint8Array {
  return patch.status === "type-changed" ? formatTypeChange(patch) : formatFile(patch, patch.patch);
}

/** A file that has become another kind of thing is one that was deleted, and one that was added. */
function formatTypeChange({
  oldPath,
  newPath,
  oldMode,
  newMode,
  oldOid,
  newOid,
  binary,
  patch,
}: FilePatch): Uint8Array {
  const zero = oldOid.replaceAll(/./g, "0");
  const split = startOfSecond(patch);
  const part = { oldPath, newPath, binary, score: 0, patch };
  return Buffer.concat([
    formatFile({ ...part, status: "deleted", oldMode, newMode: 0, oldOid, newOid: zero }, patch.subarray(0, split)),
    formatFile({ ...part, status: "added", oldMode: 0, newMode, oldOid: zero, newOid }, patch.subarray(split)),
  ]);
}

/** Where the second of two joined patches begins: the first one only takes lines away. */
function startOfSecond(patch: Uint8Array): number {
  const bytes = Buffer.from(patch.buffer, patch.byteOffset, patch.byteLength);
  for (let at = 0; at < bytes.length; at = bytes.indexOf("\n", at) + 1 || bytes.length) {
    const start = bytes.toString("latin1", at, at + 24);
    if (start.startsWith("@@ -0,0 ") || start.startsWith(`Binary files ${NOTHING} `)) return at;
  }
  return bytes.length;
}

function formatFile(file: FilePatch, text: Uint8Array): Uint8Array {
  const { status, oldPath, newPath, oldMode, newMode, oldOid, newOid, score } = file;
  const lines = [`diff --git ${quotePath(`a/${oldPath}`)} ${quotePath(`b/${newPath}`)}`];
  if (status === "added") lines.push(`new file mode ${octal(newMode)}`);
  else if (status === "deleted") lines.push(`deleted file mode ${octal(oldMode)}`);
  else if (oldMode !== newMode) lines.push(`old mode ${octal(oldMode)}`, `new mode ${octal(newMode)}`);
  if (status === "renamed" || status === "copied") {
    const verb = status === "renamed" ? "rename" : "copy";
    lines.push(`similarity index ${score}%`, `${verb} from ${quotePath(oldPath)}`, `${verb} to ${quotePath(newPath)}`);
  }
  if (oldOid !== newOid) lines.push(`index ${oldOid}..${newOid}${modeBehind(file)}`);
  if (text.length > 0 && !startsBinary(text))
    lines.push(`--- ${side("a", oldPath, oldOid)}`, `+++ ${side("b", newPath, newOid)}`);
  return Buffer.concat([Buffer.from(`${lines.join("\n")}\n`, "latin1"), text]);
}

/** A mode that has not changed stands behind the ids. */
const modeBehind = ({ status, oldMode, newMode }: FilePatch): string =>
  status !== "added" && status !== "deleted" && oldMode === newMode ? ` ${octal(newMode)}` : "";

/** A name with a space is followed by a tab, so that patch(1) knows where it ends. */
function side(letter: "a" | "b", path: ByteString, oid: Oid): string {
  if (isZeroOid(oid)) return NOTHING;
  const name = quotePath(`${letter}/${path}`);
  return name.includes(" ") ? `${name}\t` : name;
}

const startsBinary = (text: Uint8Array): boolean =>
  Buffer.from(text.subarray(0, 13)).toString("latin1") === "Binary files ";

const octal = (mode: FileMode): string => mode.toString(8).padStart(6, "0");
