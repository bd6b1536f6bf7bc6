// A PostgreSQL of its own for tests: in a temporary directory, on a Unix socket, gone when the tests are.
// `node scripts/postgres.mjs COMMAND…` runs a command with its address in TEST_POSTGRES_URL.
import { spawn } from "node:child_process";
import { appendFileSync, chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { aptInstall } from "./apt.mjs";
import { run, tail } from "./run.mjs";

/** Where tests read the address. */
export const POSTGRES_VARIABLE = "TEST_POSTGRES_URL";

const PACKAGE = "postgresql";
const DEBIAN = "/usr/lib/postgresql";
const USER = "holdfast";
/** `nobody`, where Debian's own account is missing. */
const NOBODY = 65_534;
const START_TIMEOUT_SECONDS = 60;
/** What is in it is thrown away, so that nothing is flushed. */
const SETTINGS = { listen_addresses: "", max_connections: "200", fsync: "off", full_page_writes: "off" };

/** The directory of the newest PostgreSQL's programs, or undefined. */
function findPrograms() {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : [];
  const found = versions.map((version) => join(DEBIAN, version, "bin")).find((bin) => existsSync(join(bin, "initdb")));
  if (found !== undefined) return found;
  const inPath = (process.env.PATH ?? "").split(":").find((each) => existsSync(join(each, "initdb")));
  return inPath === "" ? undefined : inPath;
}

/** PostgreSQL refuses to be run by root. */
function unprivileged() {
  if (process.getuid?.() !== 0) return {};
  const id = (what) => Number(run("id", [what, "postgres"]).stdout.trim()) || NOBODY;
  return { uid: id("-u"), gid: id("-g") };
}

/** Starts one; answers its address and what ends it. Throws an Error that says what to do. */
export function startPostgres() {
  if (findPrograms() === undefined) aptInstall([PACKAGE]);
  const programs = findPrograms();
  if (programs === undefined) throw new Error(`PostgreSQL is missing; on Debian: sudo apt-get install -y ${PACKAGE}`);
  // The account that PostgreSQL runs as must come there too.
  const place = mkdtempSync(join(process.getuid?.() === 0 ? "/tmp" : tmpdir(), "holdfast-pg-"));
  const data = join(place, "data");
  const log = join(place, "log");
  const owner = unprivileged();
  if (owner.uid !== undefined) chownSync(place, owner.uid, owner.gid);
  const must = (program, args) => {
    // Its output is kept in files: the server that is left behind would hold a pipe open.
    const { ok, output } = run(join(programs, program), args, { ...owner, cwd: place, stdio: "ignore" });
    if (!ok)
      throw new Error(`${program} failed:\n${output}${existsSync(log) ? tail(readFileSync(log, "utf8"), 10) : ""}`);
  };
  const stop = () => {
    process.off("exit", stop);
    try {
      // Without waiting for connections that were left open.
      must("pg_ctl", ["-D", data, "-m", "immediate", "-w", "stop"]);
    } finally {
      rmSync(place, { recursive: true, force: true });
    }
  };
  try {
    must("initdb", ["-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]);
    const settings = { ...SETTINGS, unix_socket_directories: place };
    const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`);
    appendFileSync(join(data, "postgresql.conf"), lines.join(""));
    must("pg_ctl", ["-D", data, "-l", log, "-w", "-t", String(START_TIMEOUT_SECONDS), "start"]);
  } catch (error) {
    rmSync(place, { recursive: true, force: true });
    throw error;
  }
  process.on("exit", stop);
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ])
    process.once(signal, () => process.exit(code));
  return { url: `postgres:///postgres?host=${encodeURIComponent(place)}&user=${USER}`, stop };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [program, ...args] = process.argv.slice(2);
  if (program === undefined) {
    console.error("usage: node scripts/postgres.mjs COMMAND…");
    process.exit(2);
  }
  const { url, stop } = startPostgres();
  const child = spawn(program, args, { stdio: "inherit", env: { ...process.env, [POSTGRES_VARIABLE]: url } });
  const code = await new Promise((resolve) => {
    child.once("error", (error) => {
      console.error(`cannot start ${program}: ${error.message}`);
      resolve(1);
    });
    child.once("exit", (status) => resolve(status ?? 1));
  });
  stop();
  process.exit(code);
}
