import { BlockList, isIPv4, isIPv6 } from "node:net";

/**
 * Addresses that the internet does not route, or that lead back inside (RFC 6890 and the registries of special addresses): to let a
 * stranger's hook reach them would make this server his way into the network.
 */
const NOT_PUBLIC_IPV4 = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
] as const;

/** Only 2000::/3 is given out at all; these are the parts of it that are not public, or in which an IPv4 address is hidden. */
const PUBLIC_IPV6 = ["2000::", 3] as const;
const NOT_PUBLIC_IPV6 = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
] as const;

const notPublic = new BlockList();
for (const [network, prefix] of NOT_PUBLIC_IPV4) notPublic.addSubnet(network, prefix, "ipv4");
for (const [network, prefix] of NOT_PUBLIC_IPV6) notPublic.addSubnet(network, prefix, "ipv6");
const givenOut = new BlockList();
givenOut.addSubnet(...PUBLIC_IPV6, "ipv6");

/** May anybody's hook reach this address? What is no address may not be reached. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !notPublic.check(address, "ipv4");
  // A zone (`fe80::1%eth0`) is about a link of this machine.
  if (!isIPv6(address) || address.includes("%")) return false;
  return givenOut.check(address, "ipv6") && !notPublic.check(address, "ipv6");
}

/** The address of a name to connect to: the first, where every one of them may be reached. */
export function checkedAddress(
  addresses: readonly string[],
  allowPrivate: boolean,
): { readonly address: string } | "none" | "not public" {
  const [address] = addresses;
  if (address === undefined) return "none";
  // All of them: a name with a public and a private address is up to something.
  return allowPrivate || addresses.every(isPublicAddress) ? { address } : "not public";
}
