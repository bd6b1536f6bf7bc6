import type { ServerContext } from "@modelcontextprotocol/server";

/** How often a client that asks for progress is told that a call still runs. */
const BEAT_MS = 1000;
/** Told at most so often of what comes. */
const NOTICE_MS = 100;
const MESSAGE_LENGTH_MAX = 200;

/** Tells a client how far its call is. */
export interface Progress {
  /** Told of the items of a list as they come. */
  readonly onItems: (items: readonly unknown[]) => void;
  stop(): void;
}

/** Progress of a call, where its client asks for it: lines as they come, and a sign of life each second. Undefined otherwise. */
export function progressOf(name: string, { mcpReq }: ServerContext, nowMs: () => number): Progress | undefined {
  const token = mcpReq._meta?.progressToken;
  if (token === undefined) return undefined;
  const startedMs = nowMs();
  let told = 0;
  let toldAtMs = 0;
  let running = true;
  const tell = (message: string) => {
    toldAtMs = nowMs();
    const params = { progressToken: token, progress: ++told, message: message.slice(0, MESSAGE_LENGTH_MAX) };
    // A client that has gone hears of nothing any more, and its call ends.
    if (running) mcpReq.notify({ method: "notifications/progress", params }).catch(() => {});
  };
  const timer = setInterval(() => tell(`${name} runs for ${Math.round((nowMs() - startedMs) / 1000)} s`), BEAT_MS);
  return {
    onItems(items) {
      if (nowMs() - toldAtMs >= NOTICE_MS && items.length > 0) tell(messageOf(items.at(-1)));
    },
    stop() {
      running = false;
      clearInterval(timer);
    },
  };
}

/** What maintenance and clones say is lines; of other items what they are. */
function messageOf(item: unknown): string {
  const { line } = (typeof item === "object" && item !== null ? item : {}) as { readonly line?: unknown };
  return typeof line === "string" ? line.trim() : JSON.stringify(item);
}
