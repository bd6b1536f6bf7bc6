import { describe, expect, test } from "bun:test";
import { parseSshKey, sshKeyLine } from "../../src/domain/ssh-key.ts";
import { makeSshKey } from "../support/ssh-keys.ts";

const field = (bytes: Uint8Array | string) => {
  const content = Buffer.from(bytes);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(content.length);
  return Buffer.concat([size, content]);
};
const lineOf = (type: string, ...fields: (Uint8Array | string)[]) =>
  `${type} ${Buffer.concat([type, ...fields].map(field)).toString("base64")}`;

describe("parseSshKey", () => {
  test("takes what ssh-keygen makes, with its fingerprint", () => {
    const kinds = [["ed25519"], ["ecdsa", 256], ["ecdsa", 384], ["ecdsa", 521], ["rsa", 2048], ["rsa", 3072]] as const;
    for (const [type, bits] of kinds) {
      const made = makeSshKey(type, bits, "bob's key");
      const key = parseSshKey(made.line);
      expect([type, key.fingerprint, key.comment]).toEqual([type, made.fingerprint, "bob's key"]);
      expect(sshKeyLine(key)).toBe(made.line);
    }
  });

  test("keys without a comment, and with space around them", () => {
    const { line } = makeSshKey("ed25519");
    expect(parseSshKey(`  ${line} \n`).comment).toBe("");
    expect(sshKeyLine(parseSshKey(line))).toBe(line);
  });

  test("refuses short RSA keys and other kinds", () => {
    expect(() => parseSshKey(makeSshKey("rsa", 1024).line)).toThrow("has 1024 bits");
    expect(() => parseSshKey(makeSshKey("dsa").line)).toThrow("ssh-dss");
    expect(() => parseSshKey(lineOf("sk-ssh-ed25519@openssh.com", Buffer.alloc(32), "ssh:"))).toThrow("of the type");
  });

  test("counts bits without the zeros in front", () => {
    const modulus = (bytes: number) => Buffer.concat([Buffer.from([0]), Buffer.alloc(bytes, 0xff)]);
    expect(() => parseSshKey(lineOf("ssh-rsa", Buffer.from([1, 0, 1]), modulus(256)))).not.toThrow();
    expect(() => parseSshKey(lineOf("ssh-rsa", Buffer.from([3]), Buffer.alloc(300)))).toThrow("has 0 bits");
    expect(() => parseSshKey(lineOf("ssh-rsa", Buffer.from([3]), modulus(255)))).toThrow("has 2040 bits");
    expect(() => parseSshKey(lineOf("ssh-rsa", Buffer.from([3]), modulus(4096)))).toThrow("more than 16384");
  });

  test("refuses what is no key", () => {
    const { line } = makeSshKey("ed25519");
    const [type = "", base64 = ""] = line.split(" ");
    const wrong = [
      "",
      type,
      base64,
      `${type} !!!`,
      `restrict ${line}`,
      `command="rm" ${line}`,
      `${line}\n${line}`,
      `ssh-rsa ${base64}`,
      `${type} ${base64.slice(0, 40)}`,
      lineOf("ssh-ed25519", Buffer.alloc(31)),
      lineOf("ssh-ed25519", Buffer.alloc(32), "more"),
      lineOf("ecdsa-sha2-nistp256", "nistp384", Buffer.alloc(97, 4)),
      lineOf("ecdsa-sha2-nistp256", "nistp256", Buffer.alloc(65, 2)),
      lineOf("ecdsa-sha2-nistp256"),
    ];
    for (const each of wrong) expect(() => parseSshKey(each), each).toThrow();
  });
});
