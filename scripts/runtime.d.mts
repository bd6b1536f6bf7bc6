/** The environment for a server, over that of the caller. */
export function withRuntime(env: Readonly<Record<string, string | undefined>>): Record<string, string>;
