import type { GitTag } from "../domain/tag.ts";
import { authorOf, commitOf } from "./commit-conversion.ts";
import type { Tag } from "./generated/shared_pb.ts";
import { shortTagName, textOf } from "./text.ts";

/** Some calls of a server answer with a message as it was written, others without the newlines at its end: none here. */
export function tagOf(message: Tag): GitTag {
  const text = textOf(message.message).replace(/\n+$/, "");
  const { targetCommit, tagger } = message;
  const annotated =
    text !== "" || tagger !== undefined || (targetCommit !== undefined && targetCommit.id !== message.id);
  return {
    name: shortTagName(message.name),
    id: message.id,
    ...(targetCommit === undefined ? {} : { targetCommit: commitOf(targetCommit) }),
    ...(annotated ? { message: text } : {}),
    ...(tagger === undefined ? {} : { tagger: authorOf(tagger) }),
  };
}
