import { describe, expect, test } from "bun:test";
import { isPublicAddress } from "../../src/jobs/target-address.ts";

describe("isPublicAddress", () => {
  const PUBLIC = [
    "8.8.8.8",
    "1.1.1.1",
    "93.184.216.34",
    "172.15.255.255",
    "172.32.0.1",
    "100.63.255.255",
    "100.128.0.1",
    "192.167.0.1",
    "198.17.0.1",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2a00:1450:4001::1",
    "2003::1",
  ];
  const NOT_PUBLIC = [
    ["loopback", "127.0.0.1", "127.255.255.254", "::1", "0:0:0:0:0:0:0:1"],
    ["unspecified", "0.0.0.0", "0.1.2.3", "::"],
    ["private", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fd12:3456::1", "fec0::1"],
    ["link-local", "169.254.169.254", "fe80::1", "fe80::1%eth0", "febf::1"],
    ["shared by a carrier", "100.64.0.1", "100.127.255.255"],
    ["multicast", "224.0.0.1", "239.255.255.255", "ff02::1"],
    ["reserved", "240.0.0.1", "255.255.255.255", "192.0.0.1", "198.18.0.1", "100::1", "2001:db8::1", "4000::1"],
    ["an IPv4 address in IPv6", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:7f00:1", "::127.0.0.1", "::7f00:1"],
    ["translated", "64:ff9b::7f00:1", "64:ff9b::8.8.8.8", "64:ff9b:1::1"],
    ["tunnelled", "2002:7f00:1::1", "2002:808:808::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "192.88.99.1"],
    ["no address", "", "localhost", "127.1", "2130706433", "0x7f000001", "8.8.8.8.", " 8.8.8.8", "08.8.8.8"],
  ] as const;

  test("is true of what the internet routes", () => {
    expect(PUBLIC.filter((address) => !isPublicAddress(address))).toEqual([]);
  });

  for (const [kind, ...addresses] of NOT_PUBLIC) {
    test(`is false of what is ${kind}`, () => {
      expect(addresses.filter((address) => isPublicAddress(address))).toEqual([]);
    });
  }
});
