/** An HTTP server that runs `git http-backend` (a CGI program) for repositories below a directory: the referee of our own door. */
export function serveHttpBackend(
  root: string,
  /** Sees every request first; what it answers is the answer. */
  intercept: (request: Request) => Response | undefined | Promise<Response | undefined> = () => undefined,
): { readonly url: string; close(): void } {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const intercepted = await intercept(request);
      if (intercepted !== undefined) return intercepted;
      const url = new URL(request.url);
      const body = request.method === "POST" ? await request.bytes() : new Uint8Array();
      const { headers } = request;
      const child = Bun.spawn(["git", "http-backend"], {
        env: {
          PATH: process.env["PATH"] ?? "",
          GIT_CONFIG_NOSYSTEM: "1",
          GIT_CONFIG_GLOBAL: "/dev/null",
          GIT_CONFIG_COUNT: "2",
          GIT_CONFIG_KEY_0: "http.receivepack",
          GIT_CONFIG_VALUE_0: "true",
          GIT_CONFIG_KEY_1: "uploadpack.allowFilter",
          GIT_CONFIG_VALUE_1: "true",
          GIT_PROJECT_ROOT: root,
          GIT_HTTP_EXPORT_ALL: "1",
          REQUEST_METHOD: request.method,
          PATH_INFO: decodeURIComponent(url.pathname),
          QUERY_STRING: url.search.slice(1),
          CONTENT_TYPE: headers.get("content-type") ?? "",
          CONTENT_LENGTH: String(body.byteLength),
          REMOTE_ADDR: "127.0.0.1",
          SERVER_PROTOCOL: "HTTP/1.1",
          ...forwarded("HTTP_CONTENT_ENCODING", headers.get("content-encoding")),
          ...forwarded("GIT_PROTOCOL", headers.get("git-protocol")),
        },
        stdin: body,
        stdout: "pipe",
        stderr: "ignore",
      });
      return responseOf(await new Response(child.stdout).bytes(), request.method);
    },
  });
  return { url: `http://127.0.0.1:${server.port}`, close: () => void server.stop(true) };
}

const forwarded = (name: string, value: string | null): Record<string, string> =>
  value === null ? {} : { [name]: value };

/** A CGI answer (RFC 3875, 6) as one of HTTP. */
function responseOf(output: Uint8Array, method: string): Response {
  const end = Buffer.from(output.buffer, output.byteOffset, output.byteLength).indexOf("\r\n\r\n");
  const lines = Buffer.from(output.subarray(0, end)).toString("latin1").split("\r\n");
  const headers = new Headers(lines.map((line) => line.split(": ", 2) as [string, string]));
  const status = Number((headers.get("status") ?? "200").slice(0, 3));
  headers.delete("status");
  return new Response(method === "HEAD" ? null : output.subarray(end + 4), { status, headers });
}
