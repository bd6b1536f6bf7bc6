import type { DescMethod, Message } from "@bufbuild/protobuf";
import type { UserCreateBranchResponse, UserCreateTagResponse } from "../../src/gitaly/generated/operations_pb.ts";
import type {
  FindAllTagsResponse,
  FindBranchResponse,
  FindLocalBranchesResponse,
  FindTagResponse,
} from "../../src/gitaly/generated/ref_pb.ts";

interface Named {
  name: Uint8Array;
}

/** The message with the names of branches and tags in full, or short; changed in place. */
export function renamed<M extends Message>(method: DescMethod, message: M, names: "full" | "short"): M {
  const { prefix, items } = namedIn(method, message);
  for (const item of items) {
    const name = Buffer.from(item.name).toString("latin1");
    const short = name.startsWith(prefix) ? name.slice(prefix.length) : name;
    item.name = Buffer.from(names === "full" ? prefix + short : short, "latin1");
  }
  return message;
}

function namedIn({ name }: DescMethod, message: Message): { prefix: string; items: readonly Named[] } {
  const branches = (...items: readonly (Named | undefined)[]) => ({ prefix: "refs/heads/", items: present(items) });
  const tags = (...items: readonly (Named | undefined)[]) => ({ prefix: "refs/tags/", items: present(items) });
  switch (name) {
    case "FindBranch":
      return branches((message as FindBranchResponse).branch);
    case "UserCreateBranch":
      return branches((message as UserCreateBranchResponse).branch);
    case "FindLocalBranches":
      return branches(...(message as FindLocalBranchesResponse).localBranches);
    case "FindTag":
      return tags((message as FindTagResponse).tag);
    case "UserCreateTag":
      return tags((message as UserCreateTagResponse).tag);
    case "FindAllTags":
      return tags(...(message as FindAllTagsResponse).tags);
    default:
      return { prefix: "", items: [] };
  }
}

function present(items: readonly (Named | undefined)[]): readonly Named[] {
  return items.filter((item) => item !== undefined);
}
