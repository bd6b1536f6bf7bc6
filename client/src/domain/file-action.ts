/** Text is written as UTF-8; bytes as they are. */
export type FileContent = string | Uint8Array;

/** One step of a commit; steps are taken in their order. */
export type FileAction =
  /** A new file; it must not exist. */
  | { readonly type: "create"; readonly path: string; readonly content: FileContent; readonly executable?: boolean }
  /** A new folder, kept by an empty `.gitkeep`. */
  | { readonly type: "createDir"; readonly path: string }
  /** Other content for a file that exists. */
  | { readonly type: "update"; readonly path: string; readonly content: FileContent }
  /** Another path, and other content if given. */
  | { readonly type: "move"; readonly path: string; readonly previousPath: string; readonly content?: FileContent }
  | { readonly type: "delete"; readonly path: string }
  | { readonly type: "chmod"; readonly path: string; readonly executable: boolean };
