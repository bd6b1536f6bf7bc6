import { Maybe, RepositoryField, Type } from "../../contract/fields.ts";

/**
 * A conversation in Git's own protocol. `advertise`: what the server says first, without the client's part. `stateless`: one request
 * and its answer, as over HTTP. `stateful`: both in one, as over SSH and git://.
 */
export const ConversationInput = Type.Object(
  {
    repository: RepositoryField,
    mode: Type.Union([Type.Literal("advertise"), Type.Literal("stateless"), Type.Literal("stateful")]),
    protocol: Maybe(Type.String({ description: "What GIT_PROTOCOL would be, such as version=2; absent: version 0" })),
    configOptions: Maybe(
      Type.Array(Type.String(), { description: "Settings of git as key=value; only harmless keys are honoured" }),
    ),
  },
  { additionalProperties: false },
);
