import type { Context, Quarantine } from "../../contract/context.ts";
import { OperationError } from "../../domain/errors.ts";
import { type FileMode, type GitPath, MODE_BLOB, MODE_EXECUTABLE, MODE_GITLINK } from "../../domain/git-object.ts";
import { normalizeLineEndings } from "../../domain/line-endings.ts";
import type { Oid } from "../../domain/oid.ts";
import { cleanFilePath } from "./file-path.ts";
import type { FileTree } from "./file-tree.ts";

/** What to do with one path. */
export interface FileAction {
  readonly kind: "create" | "create-directory" | "update" | "move" | "delete" | "chmod";
  readonly path: GitPath;
  /** Where a move comes from. */
  readonly previousPath?: GitPath;
  /** The content parts are base64 text. */
  readonly base64?: boolean;
  readonly executable?: boolean;
  /** A move takes the content along. */
  readonly inferContent?: boolean;
}

/** The stream behind a commit: an action, then its content in any number of parts, then the next action. */
export type FileActionPart = { readonly action: FileAction } | { readonly content: Uint8Array };

/** Applies the actions in their order, writing new contents into the quarantine. Throws `too_large` over the limits. */
export async function applyFileActions(
  ctx: Context,
  quarantine: Quarantine,
  tree: FileTree,
  parts: AsyncIterable<FileActionPart>,
): Promise<void> {
  let current: FileAction | undefined;
  let content: Uint8Array[] = [];
  let sizeBytes = 0;
  let totalBytes = 0;
  const finish = async () => {
    if (current !== undefined) await applyFileAction(ctx, quarantine, tree, current, content);
  };
  for await (const part of parts) {
    ctx.signal.throwIfAborted();
    if ("action" in part) {
      await finish();
      current = part.action;
      content = [];
      sizeBytes = 0;
      continue;
    }
    if (current === undefined)
      throw new OperationError("invalid_input", { field: "actions", problem: "content sent before action" });
    content.push(part.content);
    sizeBytes += part.content.length;
    totalBytes += part.content.length;
    checkSize("blob", sizeBytes, ctx.limits.blobBytesMax);
    checkSize("push", totalBytes, ctx.limits.pushBytesMax);
  }
  await finish();
}

function checkSize(what: string, sizeBytes: number, limitBytes: number): void {
  if (sizeBytes > limitBytes) throw new OperationError("too_large", { what, sizeBytes, limitBytes });
}

async function applyFileAction(
  ctx: Context,
  quarantine: Quarantine,
  tree: FileTree,
  action: FileAction,
  content: readonly Uint8Array[],
): Promise<void> {
  const path = cleanFilePath(action.path);
  const write = (bytes: readonly Uint8Array[]): Promise<Oid> =>
    ctx.repository.git.objects.write(quarantine.view, "blob", contentOf(action, bytes));
  switch (action.kind) {
    case "create": {
      await checkFree(tree, path, action.path);
      tree.put(path, action.executable === true ? MODE_EXECUTABLE : MODE_BLOB, await write(content));
      return;
    }
    case "create-directory": {
      const standing = await tree.at(path);
      if (standing !== undefined) {
        throw new OperationError("path_exists", { path: action.path, type: standing.kind });
      }
      await checkNothingAbove(tree, path);
      tree.put(`${path}/.gitkeep`, MODE_BLOB, await write([]));
      return;
    }
    case "update": {
      const file = await fileAt(tree, path, action.path);
      refuseSubmodule(file, action.path);
      tree.put(path, file.mode, await write(content));
      return;
    }
    case "delete": {
      if ((await tree.at(path)) === undefined) throw new OperationError("path_not_found", { path: action.path });
      tree.remove(path);
      return;
    }
    case "move": {
      const givenPrevious = action.previousPath ?? "";
      const previous = cleanFilePath(givenPrevious);
      const file = await fileAt(tree, previous, givenPrevious);
      if (action.inferContent !== true) refuseSubmodule(file, givenPrevious);
      await checkFree(tree, path, action.path);
      const oid = action.inferContent === true ? file.oid : await write(content);
      tree.remove(previous);
      tree.put(path, file.mode, oid);
      return;
    }
    case "chmod": {
      const file = await fileAt(tree, path, action.path);
      // Only plain files have the bit; a symbolic link or submodule stays what it is.
      if (file.mode !== MODE_BLOB && file.mode !== MODE_EXECUTABLE) return;
      tree.put(path, action.executable === true ? MODE_EXECUTABLE : MODE_BLOB, file.oid);
    }
  }
}

async function fileAt(tree: FileTree, path: GitPath, given: GitPath) {
  const standing = await tree.at(path);
  if (standing?.kind !== "file") throw new OperationError("path_not_found", { path: given });
  return standing;
}

/** Content goes into files: in a submodule's place it would be taken for a commit of another repository. */
function refuseSubmodule({ mode }: { readonly mode: FileMode }, given: GitPath): void {
  if (mode === MODE_GITLINK) throw new OperationError("path_not_found", { path: given });
}

/** A new file may replace a directory, but not a file, and no file may stand above it. */
async function checkFree(tree: FileTree, path: GitPath, given: GitPath): Promise<void> {
  if ((await tree.at(path))?.kind === "file") throw new OperationError("path_exists", { path: given, type: "file" });
  await checkNothingAbove(tree, path);
}

async function checkNothingAbove(tree: FileTree, path: GitPath): Promise<void> {
  const above = await tree.fileAbove(path);
  if (above !== undefined) throw new OperationError("path_exists", { path: above, type: "file" });
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function contentOf(action: FileAction, parts: readonly Uint8Array[]): Uint8Array {
  const joined = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  if (action.base64 !== true) return normalizeLineEndings(joined);
  const text = Buffer.from(joined.buffer, joined.byteOffset, joined.byteLength)
    .toString("latin1")
    .replace(/[\r\n]/g, "");
  if (!BASE64.test(text))
    throw new OperationError("invalid_input", { field: "content", problem: "illegal base64 data" });
  return normalizeLineEndings(Buffer.from(text, "base64"));
}
