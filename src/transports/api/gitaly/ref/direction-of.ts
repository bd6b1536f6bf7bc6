import { SortDirection } from "../generated/shared_pb.ts";

/** The direction that a request's `sort_by` asks for. */
export function directionOf(sortBy: { readonly direction: SortDirection } | undefined): "ascending" | "descending" {
  return sortBy?.direction === SortDirection.DESCENDING ? "descending" : "ascending";
}
