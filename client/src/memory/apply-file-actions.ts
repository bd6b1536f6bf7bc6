import type { FileAction, FileContent } from "../domain/file-action.ts";
import { ConflictError, ValidationError } from "../errors.ts";
import { type ByteString, toText } from "./byte-string.ts";
import { checkedFilePath } from "./file-path.ts";
import type { FileNode, FileTree } from "./file-tree.ts";
import { MODE_BLOB, MODE_EXECUTABLE } from "./git-object.ts";
import { normalizedLineEndings } from "./line-endings.ts";
import type { ObjectStore } from "./object-store.ts";

/** Takes the steps of a commit in their order. Contents are copied, so that the caller may go on with its arrays. */
export function applyFileActions(objects: ObjectStore, tree: FileTree, actions: readonly FileAction[]): void {
  for (const action of actions) applyFileAction(objects, tree, action);
}

function applyFileAction(objects: ObjectStore, tree: FileTree, action: FileAction): void {
  const path = checkedFilePath(action.path);
  switch (action.type) {
    case "create":
      checkFree(tree, path);
      tree.put(path, action.executable === true ? MODE_EXECUTABLE : MODE_BLOB, writeBlob(objects, action.content));
      return;
    case "createDir": {
      const standing = tree.at(path);
      if (standing !== undefined) throw pathExists(path, standing.kind);
      checkNothingAbove(tree, path);
      tree.put(`${path}/.gitkeep`, MODE_BLOB, writeBlob(objects, ""));
      return;
    }
    case "update":
      tree.put(path, fileAt(tree, path).mode, writeBlob(objects, action.content));
      return;
    case "move": {
      const previous = checkedFilePath(action.previousPath);
      const file = fileAt(tree, previous);
      checkFree(tree, path);
      const id = action.content === undefined ? file.id : writeBlob(objects, action.content);
      tree.remove(previous);
      tree.put(path, file.mode, id);
      return;
    }
    case "delete":
      if (tree.at(path) === undefined) throw pathNotFound(path);
      tree.remove(path);
      return;
    case "chmod": {
      tree.put(path, action.executable ? MODE_EXECUTABLE : MODE_BLOB, fileAt(tree, path).id);
      return;
    }
    default: {
      const { type } = action as { readonly type: string };
      throw new ValidationError(`there is no file action ${type}`, { code: "INVALID_ARGUMENT" });
    }
  }
}

function writeBlob(objects: ObjectStore, content: FileContent): string {
  return objects.write("blob", normalizedLineEndings(typeof content === "string" ? Buffer.from(content) : content));
}

function fileAt(tree: FileTree, path: ByteString): FileNode {
  const standing = tree.at(path);
  if (standing?.kind !== "file") throw pathNotFound(path);
  return standing;
}

/** A new file may replace a folder, but not a file, and no file may stand above it. */
function checkFree(tree: FileTree, path: ByteString): void {
  if (tree.at(path)?.kind === "file") throw pathExists(path, "file");
  checkNothingAbove(tree, path);
}

function checkNothingAbove(tree: FileTree, path: ByteString): void {
  const above = tree.fileAbove(path);
  if (above !== undefined) throw pathExists(above, "file");
}

function pathExists(bytes: ByteString, kind: "file" | "folder"): ConflictError {
  const path = toText(bytes);
  const detail = { kind: "index_update", path };
  return new ConflictError(`a ${kind} named ${path} exists already`, { code: "ALREADY_EXISTS", detail });
}

/** The commit does not fit what is there, as where a file is in the way; the code is the servers'. */
function pathNotFound(bytes: ByteString): ConflictError {
  const path = toText(bytes);
  const detail = { kind: "index_update", path };
  return new ConflictError(`a file named ${path} does not exist`, { code: "NOT_FOUND", detail });
}
