import { describe, expect, test } from "bun:test";
import { chosenAddress, type Endpoint, parseAddress } from "../../src/gitaly/address.ts";
import { ValidationError } from "../../src/index.ts";

const UNDERSTOOD: readonly [address: string, endpoint: Endpoint][] = [
  ["localhost:8075", { target: "dns:localhost:8075", tls: false }],
  ["git.example.org:8075", { target: "dns:git.example.org:8075", tls: false }],
  ["127.0.0.1:8075", { target: "ipv4:127.0.0.1:8075", tls: false, ipAddress: "127.0.0.1" }],
  ["[::1]:8075", { target: "ipv6:[::1]:8075", tls: false, ipAddress: "::1" }],
  ["grpc://git:8075", { target: "dns:git:8075", tls: false }],
  ["tcp://git:8075/", { target: "dns:git:8075", tls: false }],
  ["dns:git:8075", { target: "dns:git:8075", tls: false }],
  ["dns:///git:8075", { target: "dns:git:8075", tls: false }],
  ["grpcs://git:8075", { target: "dns:git:8075", tls: true }],
  ["tls://10.0.0.7:8075", { target: "ipv4:10.0.0.7:8075", tls: true, ipAddress: "10.0.0.7" }],
  ["tls:8075", { target: "dns:tls:8075", tls: false }],
  ["unix:/run/gitaly.sock", { target: "unix:/run/gitaly.sock", tls: false }],
  ["unix:///run/gitaly.sock", { target: "unix:/run/gitaly.sock", tls: false }],
  ["unix:gitaly.sock", { target: "unix:gitaly.sock", tls: false }],
];

const REFUSED = [
  "git",
  "git:",
  "git:0",
  "git:65536",
  "ftp://git:8075",
  "grpc://git",
  "unix:",
  "grpc://git:8075/path",
  ":1",
];

describe("an address", () => {
  test.each(UNDERSTOOD)("%s", (address, endpoint) => {
    expect(parseAddress(address)).toEqual(endpoint);
  });

  test.each(REFUSED)("%s is none", (address) => {
    expect(() => parseAddress(address)).toThrow(ValidationError);
  });

  test("is the option's, then Holdfast's variable's, then the older one's", () => {
    const environment = { HOLDFAST_GITALY_ADDRESS: "b:2", CONMAN_GITALY_ADDRESS: "c:3" };
    expect(chosenAddress("a:1", environment)).toBe("a:1");
    expect(chosenAddress(undefined, environment)).toBe("b:2");
    expect(chosenAddress(undefined, { ...environment, HOLDFAST_GITALY_ADDRESS: "" })).toBe("c:3");
    expect(() => chosenAddress(undefined, {})).toThrow(ValidationError);
  });
});
