import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ssh2 from "ssh2";
import { hostKeysIn } from "../../../src/transports/git/ssh/host-keys.ts";
import { must, run } from "../../support/ssh-client.ts";

let place: string;
beforeEach(() => void (place = mkdtempSync(join(tmpdir(), "holdfast-keys-"))));
afterEach(() => rmSync(place, { recursive: true }));

const mode = (path: string) => statSync(path).mode & 0o777;

describe("hostKeysIn", () => {
  test("makes an Ed25519 and an ECDSA key that OpenSSH can read, for the server's account alone", async () => {
    const directory = join(place, "ssh");
    hostKeysIn(directory);
    expect(readdirSync(directory).sort()).toEqual(["ecdsa_key", "ed25519_key"]);
    expect(mode(directory)).toBe(0o700);
    for (const [kind, name] of [
      ["ed25519", "ssh-ed25519"],
      ["ecdsa", "ecdsa-sha2-nistp256"],
    ]) {
      const file = join(directory, `${kind}_key`);
      expect(mode(file)).toBe(0o600);
      expect(must(await run(["ssh-keygen", "-y", "-f", file]))).toStartWith(`${name} `);
    }
  });

  test("keeps them", () => {
    const keys = hostKeysIn(place);
    chmodSync(join(place, "ecdsa_key"), 0o644);
    expect(hostKeysIn(place)).toEqual(keys);
    expect(mode(join(place, "ecdsa_key"))).toBe(0o600);
  });

  test("every key is sound, also one with a leading zero", () => {
    // One in 256 has one.
    for (let n = 0; n < 600; n++) {
      rmSync(join(place, "ed25519_key"), { force: true });
      const [key = ""] = hostKeysIn(place);
      expect(ssh2.utils.parseKey(key)).not.toBeInstanceOf(Error);
    }
  });

  test("says which file is no key, and leaves it alone", () => {
    const file = join(place, "ed25519_key");
    writeFileSync(file, "scribble");
    expect(() => hostKeysIn(place)).toThrow(file);
    expect(readFileSync(file, "utf8")).toBe("scribble");
  });

  test("half a key of a server that died is no key", () => {
    writeFileSync(join(place, "ed25519_key.new"), "-----BEGIN");
    expect(hostKeysIn(place)).toHaveLength(2);
    expect(readdirSync(place).sort()).toEqual(["ecdsa_key", "ed25519_key"]);
  });
});
