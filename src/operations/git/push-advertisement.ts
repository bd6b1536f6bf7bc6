import type { Context, OpenRepository } from "../../contract/context.ts";
import { isHiddenFromFetches } from "../../domain/hidden-refs.ts";
import { PacketText } from "../../wire/packet-text.ts";
import { protocolVersionOf } from "../../wire/protocol-version.ts";
import { PushAdvertisement } from "../../wire/receive-pack-advertisement.ts";

/** What a client that pushes is shown first: all references of one state; none of a repository that its push will make. */
export async function* advertiseForPush(
  repository: OpenRepository | undefined,
  protocol: string | undefined,
  { server, caller }: Pick<Context, "server" | "caller">,
): AsyncGenerator<Buffer> {
  const identity = {
    agent: `holdfast/${server.version}`,
    sessionId: caller.requestId,
    objectFormat: repository?.objectFormat ?? "sha1",
  };
  const text = new PacketText();
  const advertisement = new PushAdvertisement(text, identity, protocolVersionOf(protocol));
  if (repository === undefined) {
    advertisement.end([]);
    yield text.take();
    return;
  }
  const { git, view } = repository;
  const pieces = await repository.consistently(async () => {
    const read: Buffer[] = [];
    for await (const batch of git.refs.list(view, { prefixes: [], peel: false })) {
      advertisement.add(batch, isHiddenFromFetches);
      read.push(text.take());
    }
    advertisement.end(await git.history.shallow(view));
    read.push(text.take());
    return read;
  });
  yield* pieces.filter((piece) => piece.length > 0);
}
