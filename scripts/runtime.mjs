// How Bun is run: what its garbage collector takes for the machine's memory. It lets the heap grow by that measure, and a
// server whose answers are short-lived would keep hundreds of MiB of garbage on a large machine. It limits nothing.
const COLLECTOR_BYTES = 1024 * 1024 * 1024;

/** The environment for a server, over that of the caller. */
export const withRuntime = (env) => ({ BUN_JSC_forceRAMSize: String(COLLECTOR_BYTES), ...env });
