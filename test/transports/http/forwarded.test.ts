import { describe, expect, test } from "bun:test";
import { forwardedOf } from "../../../src/transports/http/forwarded.ts";
import { TrustedProxies } from "../../../src/transports/http/trusted-proxies.ts";

const PROXIES = new TrustedProxies(["10.0.0.0/8", "fd00::/8", "192.0.2.7"]);
const read = (headers: Record<string, string>) => forwardedOf(new Headers(headers), PROXIES);

describe("TrustedProxies", () => {
  test("knows addresses and networks, also of IPv4 in IPv6", () => {
    for (const address of ["10.1.2.3", "::ffff:10.1.2.3", "fd12::1", "192.0.2.7"])
      expect(PROXIES.includes(address)).toBe(true);
    for (const address of ["11.0.0.1", "192.0.2.8", "::1", "", "nonsense", "fe00::1"])
      expect(PROXIES.includes(address)).toBe(false);
    expect(new TrustedProxies([]).includes("127.0.0.1")).toBe(false);
  });
});

describe("forwardedOf", () => {
  test("the client is the last who is no trusted proxy; what he wrote before himself is not believed", () => {
    const headers = {
      "x-forwarded-for": "1.1.1.1, 203.0.113.9, 10.0.0.2, fd00::1",
      "x-forwarded-proto": "https",
      "x-forwarded-host": "git.example.org",
    };
    expect(read(headers)).toEqual({ address: "203.0.113.9", scheme: "https", host: "git.example.org" });
    expect(read({ "x-forwarded-for": "10.0.0.9, 10.0.0.2" })).toEqual({ address: "10.0.0.9" });
  });

  test("lists of scheme and host go with the list of addresses", () => {
    expect(
      read({ "x-forwarded-for": "evil, 203.0.113.9, 10.0.0.2", "x-forwarded-proto": "gopher, https, http" }),
    ).toEqual({ address: "203.0.113.9", scheme: "https" });
    expect(read({ "x-forwarded-proto": "http, https" })).toEqual({ scheme: "https" });
  });

  test("Forwarded, with quotes, ports and brackets", () => {
    expect(
      read({
        forwarded: 'for=1.1.1.1, for="[2001:db8::5]:4711";proto=HTTPS;host="git.example.org:8443", for=10.0.0.1',
      }),
    ).toEqual({
      address: "2001:db8::5",
      scheme: "https",
      host: "git.example.org:8443",
    });
    expect(read({ forwarded: 'for="_a,b;c";by=x;Proto=http' })).toEqual({ scheme: "http" });
  });

  test("nonsense says nothing", () => {
    expect(read({})).toEqual({});
    expect(read({ "x-forwarded-for": "unknown", "x-forwarded-proto": "ftp", "x-forwarded-host": "a b/../c" })).toEqual(
      {},
    );
    expect(read({ forwarded: '"' })).toEqual({});
  });
});
