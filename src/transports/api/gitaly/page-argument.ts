import { encodeUtf8 } from "../../../domain/bytes.ts";
import type { PaginationParameter } from "./generated/shared_pb.ts";

/** Which part of a list of references is asked for. */
export interface PageArgument {
  readonly after?: string;
  readonly limit?: number;
}

/**
 * The page that a request asks for, in lists where a limit of 0 means nothing and a negative one everything. Tokens are names;
 * the protocol has them as text.
 */
export function pageArgument(page: PaginationParameter | undefined): PageArgument {
  if (page === undefined) return {};
  return {
    ...(page.pageToken === "" ? {} : { after: encodeUtf8(page.pageToken) }),
    ...(page.limit < 0 ? {} : { limit: page.limit }),
  };
}
