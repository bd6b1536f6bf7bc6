import { Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";

/** Names the git backend in use, those that could be, and how many calls each has served. */
export const showBackend = defineOperation({
  name: "showBackend",
  summary: "Show the git backend",
  kind: "read",
  shape: "call",
  access: "server-admin",
  target: "none",
  input: Type.Object({}, { additionalProperties: false }),
  output: Type.Object({
    current: Type.String(),
    available: Type.Array(Type.String()),
    calls: Type.Record(Type.String(), Type.Integer()),
  }),
  errors: [],
  examples: [{ title: "This server's", input: {} }],
  route: { method: "GET", path: "/backend" },
  async run(_input, { backends }) {
    return { current: backends.current(), available: [...backends.available()], calls: { ...backends.counters() } };
  },
});
