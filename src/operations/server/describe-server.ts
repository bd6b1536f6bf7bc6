import { Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";

const Storage = Type.Object({
  name: Type.String(),
  readable: Type.Boolean(),
  writeable: Type.Boolean(),
  fsType: Type.String(),
  filesystemId: Type.String(),
});

/** Names the versions of the server and of git, and the storages with their health. */
export const describeServer = defineOperation({
  name: "describeServer",
  summary: "Describe the server",
  kind: "read",
  shape: "call",
  access: "server-read",
  target: "none",
  input: Type.Object({}, { additionalProperties: false }),
  output: Type.Object({ version: Type.String(), gitVersion: Type.String(), storages: Type.Array(Storage) }),
  errors: [],
  examples: [{ title: "This server", input: {} }],
  route: { method: "GET", path: "/server" },
  async run(_input, { server, repositories }) {
    const [gitVersion, storages] = await Promise.all([server.gitVersion(), repositories.storages()]);
    return { version: server.version, gitVersion, storages: [...storages] };
  },
});
