import { Database } from "bun:sqlite";

/** The thread that copies pages of SQLite's log into its file; told which file, it answers when that is done. */
declare const self: Worker;

self.addEventListener("message", ({ data: file }: MessageEvent<string>) => {
  const database = new Database(file, { create: false, readwrite: true });
  try {
    // Waits for nobody, and nobody for it.
    database.run("pragma wal_checkpoint(passive)");
  } finally {
    database.close();
  }
  self.postMessage("done");
});
