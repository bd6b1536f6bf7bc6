/** What keeps a silent conversation alive, so that nobody between client and server takes it for dead. */
export interface KeepAlive {
  readonly everyMs: number;
  readonly packet: Uint8Array;
}

/**
 * Hands on what a piece of work says, as it says it, and throws what it throws, after its last word. A listener who has had enough
 * stops the work and waits for its end.
 */
export async function* speakWhile(
  work: (say: (bytes: Uint8Array) => void, signal: AbortSignal) => Promise<void>,
  keepAlive: () => KeepAlive | undefined,
): AsyncGenerator<Uint8Array> {
  const stopping = new AbortController();
  const said: Uint8Array[] = [];
  let wake = Promise.withResolvers<void>();
  const say = (bytes: Uint8Array) => {
    if (bytes.length > 0) said.push(bytes);
    wake.resolve();
  };
  let isOver = false;
  const over = work(say, stopping.signal).finally(() => {
    isOver = true;
    wake.resolve();
  });
  // Whoever waits for it below sees the failure.
  over.catch(() => undefined);
  try {
    for (;;) {
      while (said.length > 0) yield said.length === 1 ? said.pop()! : Buffer.concat(said.splice(0));
      if (isOver) break;
      wake = Promise.withResolvers<void>();
      const silent = keepAlive();
      if (!(await within(wake.promise, silent?.everyMs)) && silent !== undefined) yield silent.packet;
    }
    await over;
  } finally {
    stopping.abort();
    await over.catch(() => undefined);
  }
}

/** Waits for something, but not longer than that; tells whether it came. */
async function within(coming: Promise<void>, everyMs: number | undefined): Promise<boolean> {
  if (everyMs === undefined) {
    await coming;
    return true;
  }
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => late.resolve(false), everyMs);
  try {
    return await Promise.race([coming.then(() => true), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
