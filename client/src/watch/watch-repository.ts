import type { GitRepo } from "../domain/repo.ts";
import { ValidationError } from "../errors.ts";
import { RepositoryWatch, type WatchConnected, type WatchDisconnected } from "./repository-watch.ts";
import { SYSTEM_CLOCK, type WatchClock } from "./watch-clock.ts";

/** How a repository is watched. */
export interface WatchRepositoryOptions {
  /** The server's HTTP address, `http://127.0.0.1:8080`; `HOLDFAST_URL` of the environment without. */
  readonly url?: string;
  /** A token of the server; `HOLDFAST_TOKEN` of the environment without, and nobody in particular without both. */
  readonly token?: string;
  /** The event to go on behind, by its id; without it the watch begins with what happens from now on. `"0"` for all that is kept. */
  readonly since?: string;
  /** Ends the watch: the loop ends without an error. */
  readonly signal?: AbortSignal;
  /** Told of each connection that stands. What it throws ends the watch. */
  readonly onConnected?: (connected: WatchConnected) => void;
  /** Told of each connection that is lost or was not made. What it throws ends the watch. */
  readonly onDisconnected?: (disconnected: WatchDisconnected) => void;
  /** How long an attempt to connect may take; 10,000 without. */
  readonly connectMaxMs?: number;
  /** After how long without a message the server is asked for a sign of life; 15,000 without. */
  readonly silenceMaxMs?: number;
  /** How long that sign may take before the connection counts as lost; 10,000 without. */
  readonly pongMaxMs?: number;
  /** Events that may wait for the reader; 1,000 without. More are left to the server until he has come along. */
  readonly waitingEventsMax?: number;
  /** What those may be together, in characters of JSON; 8 Mi without. */
  readonly waitingCharactersMax?: number;
  /** For tests. */
  readonly clock?: WatchClock;
}

/**
 * Watches a repository of a Holdfast: an endless stream of what happens in it, each event once and in order, whatever becomes of the
 * connection in between. A lost connection is made again after 1 s, 2 s, … 30 s, and the server goes on behind the last event that came.
 * Where it does not keep the next events any more, an item `events_expired` stands for them.
 *
 * The loop throws `UnauthorizedError` for credentials that are not good, `NotFoundError` for a repository that is not there or may not be
 * seen, `ForbiddenError`, `ValidationError` (a `since` that the server has not reached) and `GitError` for what no further attempt mends.
 * Throws `ValidationError` at once for options that are none.
 *
 * @param repo the repository, or its full name: `alice/catalog`
 */
export function watchRepository(repo: GitRepo | string, options: WatchRepositoryOptions = {}): RepositoryWatch {
  const { token = environment("HOLDFAST_TOKEN"), since, signal, onConnected, onDisconnected } = options;
  if (since !== undefined && !/^\d{1,19}$/.test(since)) throw invalid(`since is not the id of an event: ${since}`);
  return new RepositoryWatch({
    url: socketUrl(options.url ?? environment("HOLDFAST_URL")),
    token,
    channel: `repo:${fullNameOf(repo)}`,
    since,
    signal,
    onConnected,
    onDisconnected,
    clock: options.clock ?? SYSTEM_CLOCK,
    connectMaxMs: positive("connectMaxMs", options.connectMaxMs ?? 10_000),
    silenceMaxMs: positive("silenceMaxMs", options.silenceMaxMs ?? 15_000),
    pongMaxMs: positive("pongMaxMs", options.pongMaxMs ?? 10_000),
    waitingEventsMax: positive("waitingEventsMax", options.waitingEventsMax ?? 1_000),
    waitingCharactersMax: positive("waitingCharactersMax", options.waitingCharactersMax ?? 8 * 1024 * 1024),
  });
}

/** A variable that is empty is not set. */
function environment(name: string): string | undefined {
  const value = process.env[name];
  return value === "" ? undefined : value;
}

function socketUrl(address: string | undefined): string {
  if (address === undefined) throw invalid("no address of the server: give url, or set HOLDFAST_URL");
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    throw invalid(`not the address of a server: ${address}`);
  }
  if (!/^(https?|wss?):$/.test(url.protocol)) throw invalid(`not an address of HTTP: ${address}`);
  if (url.username !== "" || url.password !== "") throw invalid("credentials belong into token, not into the address");
  const scheme = url.protocol === "https:" || url.protocol === "wss:" ? "wss" : "ws";
  return `${scheme}://${url.host}${url.pathname.replace(/\/+$/, "")}/ws`;
}

/** The server names by its full name what lies in its storage `default`; what lies elsewhere has no stream of its own. */
function fullNameOf(repo: GitRepo | string): string {
  if (typeof repo !== "string" && repo.storage !== "default") {
    throw invalid(`only repositories of the storage "default" can be watched: ${repo.storage}`);
  }
  const name = (typeof repo === "string" ? repo : repo.relativePath).replace(/^\/+|\/+$/g, "").replace(/\.git$/, "");
  if (name === "") throw invalid("the repository has no name");
  return name;
}

function positive(option: string, value: number): number {
  if (Number.isFinite(value) && value > 0) return value;
  throw invalid(`${option} is not a number above 0: ${value}`);
}

const invalid = (message: string): ValidationError => new ValidationError(message, { code: "INVALID_ARGUMENT" });
