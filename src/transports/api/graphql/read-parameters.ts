import { OperationError } from "../../../domain/errors.ts";
import type { GraphQLParams } from "graphql-yoga";

/** Reads query and variables. */
export async function readParameters(request: Request): Promise<GraphQLParams> {
  if (request.method === "POST") return (await request.json()) as GraphQLParams;
  const { searchParams } = new URL(request.url);
  const json = (name: string): Record<string, unknown> | undefined => {
    const text = searchParams.get(name);
    if (text === null || text === "") return undefined;
    try {
      return JSON.parse(text) as Record<string, unknown>;
    } catch (error) {
      throw new OperationError("malformed_request", { part: name, problem: "is not JSON" }, { cause: error });
    }
  };
  return {
    query: searchParams.get("query") ?? undefined,
    operationName: searchParams.get("operationName") ?? undefined,
    variables: json("variables"),
    extensions: json("extensions"),
  } as GraphQLParams;
}
