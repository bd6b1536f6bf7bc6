import { spawn } from "node:child_process";
import type { AnswerRequest } from "./smart-http-listener.ts";

/** Answers requests with git's own upload-pack, as `git http-backend` does: the referee. */
export function gitUploadPack(path: string): AnswerRequest {
  return async function* (protocol, mode, parts) {
    const flags = mode === "advertise" ? ["--http-backend-info-refs"] : [];
    const child = spawn("git", ["upload-pack", "--stateless-rpc", ...flags, path], {
      env: { PATH: process.env["PATH"], GIT_CONFIG_NOSYSTEM: "1", HOME: "/nonexistent", GIT_PROTOCOL: protocol ?? "" },
    });
    child.stdin.on("error", () => {});
    child.stderr.resume();
    void (async () => {
      for await (const part of parts) child.stdin.write(part);
      child.stdin.end();
    })();
    yield* child.stdout as AsyncIterable<Uint8Array>;
  };
}
