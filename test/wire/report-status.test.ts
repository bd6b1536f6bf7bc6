import { describe, expect, test } from "bun:test";
import { PacketText } from "../../src/wire/packet-text.ts";
import { PushAdvertisement } from "../../src/wire/receive-pack-advertisement.ts";
import { reportStatus } from "../../src/wire/report-status.ts";

const OID = "1".repeat(40);
const IDENTITY = { agent: "holdfast/0 x", sessionId: "s-1", objectFormat: "sha1" } as const;
const CAPABILITIES =
  "report-status report-status-v2 delete-refs side-band-64k quiet atomic ofs-delta push-options session-id=s-1 object-format=sha1 agent=holdfast/0-x";

const line = (text: string) => (text.length + 5).toString(16).padStart(4, "0") + text + "\n";

describe("reportStatus", () => {
  test("says what became of the pack and of each reference", () => {
    const statuses = [{ name: "refs/heads/a" }, { name: "refs/heads/b", problem: "hook declined" }];
    expect(reportStatus(undefined, statuses).toString("latin1")).toBe(
      `${line("unpack ok")}${line("ok refs/heads/a")}${line("ng refs/heads/b hook declined")}0000`,
    );
  });

  test("keeps to its lines", () => {
    const said = reportStatus("two\nlines", [{ name: "refs/heads/a", problem: "x\ny".repeat(5000) }]).toString(
      "latin1",
    );
    expect(said.split("\n")).toHaveLength(3);
    expect(said).toContain(line("unpack two lines"));
  });
});

describe("PushAdvertisement", () => {
  const advertise = (version: 0 | 1 | 2, names: readonly string[]) => {
    const text = new PacketText();
    const advertisement = new PushAdvertisement(text, IDENTITY, version);
    advertisement.add(
      names.map((name) => ({ name, oid: OID, peeledOid: OID })),
      (name) => name.startsWith("refs/hidden/"),
    );
    advertisement.end([]);
    return text.take().toString("latin1");
  };

  test("lists references as they are, without those that are hidden", () => {
    expect(advertise(0, ["refs/heads/a", "refs/hidden/b", "refs/tags/c"])).toBe(
      `${line(`${OID} refs/heads/a\0${CAPABILITIES}`)}${line(`${OID} refs/tags/c`)}0000`,
    );
  });

  test("says its version only where that is 1", () => {
    const plain = `${line(`${"0".repeat(40)} capabilities^{}\0${CAPABILITIES}`)}0000`;
    expect(advertise(1, [])).toBe(line("version 1") + plain);
    expect(advertise(2, [])).toBe(plain);
  });
});
