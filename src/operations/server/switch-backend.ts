import { Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";

/** Sends new calls to another git backend; calls in flight finish where they began. */
export const switchBackend = defineOperation({
  name: "switchBackend",
  summary: "Switch the git backend",
  kind: "maintenance",
  shape: "call",
  access: "server-admin",
  target: "none",
  input: Type.Object({ name: Type.String({ description: "The backend" }) }, { additionalProperties: false }),
  output: Type.Object({ previous: Type.String(), current: Type.String() }),
  errors: ["invalid_input"],
  examples: [{ title: "To native git", input: { name: "shell" } }],
  route: { method: "PUT", path: "/backend" },
  async run({ name }, { backends }) {
    const previous = backends.current();
    backends.switchTo(name);
    return { previous, current: backends.current() };
  },
});
