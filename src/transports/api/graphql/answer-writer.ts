import type { Plugin } from "graphql-yoga";
import { isStream, type QueryResult } from "./told-result.ts";

/** Writes what came of a query as its client wants it. */
export type AnswerWriter = (request: Request, result: QueryResult) => Response | Promise<Response>;

interface Answered {
  readonly result: QueryResult;
}

/** What nearly all clients say they take; both are answered in the same way where there is data. */
const USUAL: Readonly<Record<string, string>> = {
  "": "application/json",
  "*/*": "application/json",
  "application/json": "application/json",
  "application/graphql-response+json": "application/graphql-response+json",
};

/**
 * Answers by the protocol of GraphQL over HTTP. The library knows the protocol: which of the client's media types to choose, the status of
 * errors, streams of events and of parts. What is asked for most needs none of that and is written here, at half of its price.
 */
export function answerWriter(): AnswerWriter {
  let library: ReturnType<typeof openLibrary> | undefined;
  const byLibrary = async (request: Request, result: QueryResult) =>
    (await (library ??= openLibrary())).fetch(request, { result });
  return (request, result) => {
    const type = USUAL[request.headers.get("accept") ?? ""];
    if (type === undefined || isStream(result) || result.data === undefined) return byLibrary(request, result);
    return new Response(JSON.stringify(result), {
      headers: { "content-type": `${type}; charset=utf-8`, "cache-control": "no-store" },
    });
  };
}

/** Loaded when it is needed: it takes a tenth of a second, and many servers never do. */
async function openLibrary() {
  const { createYoga } = await import("graphql-yoga");
  const plugin: Plugin<Answered> = {
    // Query and result are there already.
    onRequestParse: ({ setRequestParser }) => setRequestParser(() => ({ query: "{__typename}" })),
    onParams: ({ setResult, context }) => setResult((context as unknown as Answered).result as never),
  };
  return createYoga<Answered>({
    plugins: [plugin],
    logging: false,
    maskedErrors: false,
    landingPage: false,
    graphiql: false,
    cors: false,
    batching: false,
    maxRequestBodySize: false,
  });
}
