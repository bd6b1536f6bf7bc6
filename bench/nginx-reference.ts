import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const BACKEND = "/usr/lib/git-core/git-http-backend";
const PROGRAMS = ["nginx", "fcgiwrap"];

/** nginx, fcgiwrap and git-http-backend over a directory of repositories: what Git over HTTP is usually served with. */
export interface NginxReference {
  readonly address: string;
  close(): Promise<void>;
}

/** Starts the reference; undefined, with the reason on stderr, where its programs can be neither found nor installed. */
export async function startNginx(root: string): Promise<NginxReference | undefined> {
  if (!installed()) {
    console.error("bench: no nginx and fcgiwrap; install them with: apt-get install nginx-light fcgiwrap");
    return undefined;
  }
  const place = mkdtempSync(join(tmpdir(), "holdfast-nginx-"));
  mkdirSync(join(place, "tmp"));
  const port = await freePort();
  const socket = join(place, "fcgi.sock");
  writeFileSync(join(place, "nginx.conf"), configuration(place, root, port, socket));
  const quiet = { stdin: "ignore", stdout: "ignore", stderr: "ignore" } as const;
  const wrap = Bun.spawn(["fcgiwrap", "-c", "8", "-s", `unix:${socket}`], quiet);
  const nginx = Bun.spawn(["nginx", "-c", join(place, "nginx.conf"), "-p", place], quiet);
  const address = `http://127.0.0.1:${port}`;
  await answering(address);
  return {
    address,
    async close() {
      nginx.kill();
      wrap.kill();
      await Promise.all([nginx.exited, wrap.exited]);
      rmSync(place, { recursive: true, force: true });
    },
  };
}

function installed(): boolean {
  const all = () => PROGRAMS.every((program) => Bun.which(program) !== null);
  if (all()) return true;
  const quiet = { stdin: "ignore", stdout: "ignore", stderr: "ignore" } as const;
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  Bun.spawnSync(["apt-get", "install", "-y", "--no-install-recommends", "nginx-light", "fcgiwrap"], { ...quiet, env });
  return all();
}

function configuration(place: string, root: string, port: number, socket: string): string {
  const temporary = ["client_body", "fastcgi", "proxy", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${place}/tmp/${name};`,
  );
  return `
daemon off; worker_processes 2; pid ${place}/pid; error_log ${place}/error.log; user root;
events { worker_connections 256; }
http {
  access_log off; keepalive_requests 1000000; ${temporary.join(" ")}
  server {
    listen 127.0.0.1:${port};
    location / {
      fastcgi_pass unix:${socket};
      fastcgi_param SCRIPT_FILENAME ${BACKEND};
      fastcgi_param GIT_PROJECT_ROOT ${root};
      fastcgi_param GIT_HTTP_EXPORT_ALL "";
      fastcgi_param GIT_PROTOCOL $http_git_protocol;
      fastcgi_param PATH_INFO $uri;
      fastcgi_param QUERY_STRING $query_string;
      fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_param CONTENT_TYPE $content_type;
      fastcgi_param CONTENT_LENGTH $content_length;
    }
  }
}
`;
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function answering(address: string): Promise<void> {
  const untilMs = performance.now() + 10_000;
  for (;;) {
    const there = await fetch(address).then(
      () => true,
      () => false,
    );
    if (there) return;
    if (performance.now() > untilMs) throw new Error("nginx does not answer");
    await Bun.sleep(20);
  }
}
