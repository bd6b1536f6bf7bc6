import { untilAborted } from "../../domain/until-aborted.ts";
import type { Static } from "../../contract/fields.ts";
import { Type } from "../../contract/fields.ts";
import type { Context, OpenRepository } from "../../contract/context.ts";
import { defineOperation } from "../../contract/operation.ts";
import { hasReason } from "../../domain/errors.ts";
import { PacketReader } from "../../wire/pkt-line.ts";
import { ConversationInput } from "./conversation.ts";
import { refuseUnusableName } from "./create-on-push.ts";
import { advertiseForPush } from "./push-advertisement.ts";
import { PushConversation } from "./push-conversation.ts";
import { type KeepAlive, speakWhile } from "./speak-while.ts";

/** How long a client that waits for the end of checks and hooks hears nothing, as with git (git-config(1), `receive.keepAlive`). */
const KEEP_ALIVE_MS = 5000;
/** An empty packet of the first side band. */
const KEEP_ALIVE: KeepAlive = { everyMs: KEEP_ALIVE_MS, packet: Buffer.from("0005\x01", "latin1") };

/**
 * Git's receive-pack (gitprotocol-pack(5)): takes commands and a pack from a client that pushes. A repository that does not exist is
 * made where a setting and the caller's rights allow it. A client that was told of a failure inside the protocol is not told again:
 * then it throws after its last output. A push whose references were all refused is no failure.
 */
export const receivePack = defineOperation({
  name: "receivePack",
  summary: "Serve a push",
  kind: "write",
  shape: "duplex",
  access: "write",
  target: "path",
  input: ConversationInput,
  output: Type.Uint8Array(),
  errors: [
    "repository_not_found",
    "repository_invalid",
    "protocol_error",
    "pack_invalid",
    "objects_invalid",
    "objects_missing",
  ],
  examples: [{ title: "Usual", input: { mode: "advertise" } }],
  async *run(input, context, parts: AsyncIterable<Uint8Array>) {
    const repository = await openForPush(input, context);
    if (input.mode !== "stateless") yield* advertiseForPush(repository, input.protocol, context);
    if (input.mode === "advertise") return;
    let hasSideband = false;
    yield* speakWhile(
      async (say, stopped) => {
        const signal = AbortSignal.any([context.signal, stopped]);
        const reader = new PacketReader(untilAborted(parts, signal));
        const conversation = new PushConversation(context, reader, say, signal);
        try {
          await conversation.run(input.repository, repository, () => (hasSideband = conversation.hasSideband));
        } finally {
          await reader.close();
        }
      },
      () => (hasSideband ? KEEP_ALIVE : undefined),
    );
  },
});

/** The repository; undefined where there is none and the push may make it. Throws `repository_not_found`. */
async function openForPush(
  { repository }: Pick<Static<typeof ConversationInput>, "repository">,
  context: Context,
): Promise<OpenRepository | undefined> {
  try {
    return await context.open(repository);
  } catch (error) {
    // Programs behind the Gitaly protocol make their repositories themselves.
    const mayMake = context.pushes.createRepositories && context.caller.door !== "gitaly";
    if (!hasReason(error, "repository_not_found") || !mayMake) throw error;
    refuseUnusableName(repository);
    return undefined;
  }
}
