import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";

/** Shown until the user has written something. */
const FIRST_QUERY = `# Ctrl-Enter runs the query. Ctrl-Space says what may stand here.
# Headers below: { "authorization": "Bearer …" }
{
  describeServer {
    version
  }
}
`;

interface Page {
  readonly zipped: Uint8Array<ArrayBuffer>;
  readonly guards: Readonly<Record<string, string>>;
}

let made: Promise<Page> | undefined;

/** Does a browser ask to see something, and not a query's answer? */
export const asksPage = (request: Request, { searchParams }: URL): boolean =>
  request.method === "GET" &&
  (request.headers.get("accept") ?? "").includes("text/html") &&
  !searchParams.has("query") &&
  !searchParams.has("extensions");

/** GraphiQL in one page that loads nothing: to write queries in a browser. */
export async function graphiqlPage(request: Request): Promise<Response> {
  // Megabytes that only few servers are ever asked for.
  const { zipped, guards } = await (made ??= makePage());
  const headers = {
    ...guards,
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-cache",
    vary: "accept, accept-encoding",
  };
  if (/\bgzip\b/.test(request.headers.get("accept-encoding") ?? ""))
    return new Response(zipped, { headers: { ...headers, "content-encoding": "gzip" } });
  return new Response(await promisify(gunzip)(zipped), { headers });
}

async function makePage(): Promise<Page> {
  const { renderGraphiQL } = await import("@graphql-yoga/render-graphiql");
  const html = renderGraphiQL({
    title: "Holdfast: GraphQL",
    defaultQuery: FIRST_QUERY,
    subscriptionsProtocol: "SSE",
  });
  const script = /<script>([\s\S]*)<\/script>/.exec(html)?.[1] ?? "";
  const hash = createHash("sha256").update(script).digest("base64");
  const guards = {
    // This script and the workers that it makes; it writes styles into elements.
    "content-security-policy": `default-src 'none'; script-src 'sha256-${hash}' blob:; worker-src blob:; style-src 'unsafe-inline'; img-src data:; font-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
  };
  return { zipped: Buffer.from(await promisify(gzip)(html)), guards };
}
