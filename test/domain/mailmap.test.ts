import { describe, expect, test } from "bun:test";
import { Mailmap } from "../../src/domain/mailmap.ts";
import { TemporaryRepository } from "../support/temporary-repository.ts";

const MAP = Buffer.from(`# comment <a@b> <c@d>
Proper One <one@example.com>
<two@proper.example> <TWO@example.com>
Proper Three <three@proper.example> <three@example.com>
Proper Four <four@proper.example> Old Four <shared@example.com>
 Proper Five  <five@proper.example> \tOld Five <shared@example.com>  
Rest <rest@proper.example> <shared@example.com>
Later One <one@example.com>
no address here
Empty <>
Proper <x@example.com> <>
  <y@proper.example> <y@example.com> # trailing
<z@example.com>
Half <z@example.com
`);

const PEOPLE = [
  "One <one@example.com>",
  "One <ONE@Example.Com>",
  "Two <two@example.com>",
  "Three <three@example.com>",
  "Old Four <shared@example.com>",
  "old four <shared@example.com>",
  "OLD FIVE <shared@example.com>",
  "Other <shared@example.com>",
  "Nobody <nobody@example.com>",
  "E <>",
  "Y <y@example.com>",
  "Z <z@example.com>",
  "comment <c@d>",
];

function parse(person: string) {
  const [, name = "", email = ""] = /^(.*) <(.*)>$/.exec(person)!;
  return { name: Buffer.from(name), email: Buffer.from(email), timezone: "" };
}

describe("Mailmap", () => {
  test("maps as git check-mailmap does", async () => {
    await using repository = await TemporaryRepository.create();
    const blob = await repository.writeObject("blob", MAP);
    const mailmap = Mailmap.parse(MAP);
    for (const person of PEOPLE) {
      const expected = await repository.text(["-c", `mailmap.blob=${blob}`, "check-mailmap", person]);
      const { name, email } = mailmap.apply(parse(person));
      expect(`${Buffer.from(name)} <${Buffer.from(email)}>`).toBe(expected);
    }
  });

  test("leaves who is not in it as the same object", () => {
    const identity = parse("Nobody <nobody@example.com>");
    expect(Mailmap.parse(MAP).apply(identity)).toBe(identity);
  });

  test("keeps bytes that are no UTF-8", () => {
    const mapped = Mailmap.parse(Buffer.from("R\xf6hl <r@x> <\xff@x>\n", "latin1")).apply({
      name: Buffer.from("r"),
      email: Buffer.from("\xff@x", "latin1"),
      timezone: "",
    });
    expect(Buffer.from(mapped.name).toString("latin1")).toBe("R\xf6hl");
  });
});
