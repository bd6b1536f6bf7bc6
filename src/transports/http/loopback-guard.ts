import { isIP } from "node:net";
import { OperationError } from "../../domain/errors.ts";

/** Is this an address or name of the machine's loopback interface? */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  if (bare === "localhost" || bare.endsWith(".localhost")) return true;
  if (isIP(bare) === 4) return bare.startsWith("127.");
  return bare === "::1" || bare.startsWith("::ffff:127.");
}

/**
 * Makes the check of the `Host` header. A server that listens on loopback trusts who reaches it; a page in a browser reaches it
 * too, through a name of its own that resolves to loopback (DNS rebinding). So there only names of loopback are ours.
 */
export function hostGuard(listeningOn: string, alsoAllowed: readonly string[] = []): (host: string | null) => void {
  if (!isLoopback(listeningOn)) return () => {};
  return (host) => {
    const name = (host ?? "").replace(/:\d*$/, "");
    if (!isLoopback(name) && !alsoAllowed.includes(name)) throw new OperationError("host_not_allowed", { host: name });
  };
}
