import { ACCESS_LEVELS } from "../domain/access-level.ts";
import {
  bytes,
  bytesOrNone,
  count,
  databaseUrl,
  flagValue,
  networks,
  oneOf,
  optional,
  optionalPath,
  optionalUrl,
  origins,
  path,
  percent,
  port,
  portOrHttp,
  storages,
  text,
  word,
} from "./parsers.ts";
import type { Setting } from "./setting.ts";

/** Every setting. The property's name gives the file's key, the environment variable and the flag (setting.ts). */
export const SETTINGS = {
  data: { default: "./data", parse: path, meaning: "Data directory; one server at a time owns it." },
  storages: {
    default: "default=<data>/repositories",
    parse: storages,
    meaning: "Storages of the Gitaly protocol, as name=path,…; in the file also a table.",
  },
  host: { default: "127.0.0.1", parse: word, meaning: "Address to listen on." },
  httpPort: { default: "8080", parse: port, meaning: "Port of the HTTP door: Git over HTTP, health and metrics." },
  grpcPort: { default: "8075", parse: port, meaning: "Port of the Gitaly protocol." },
  sshPort: { default: "23231", parse: port, meaning: "Port of SSH." },
  gitPort: { default: "9418", parse: port, meaning: "Port of git://." },
  metricsPort: {
    default: "http",
    parse: portOrHttp,
    meaning: "Port of the metrics when they shall have one of their own; `http` serves them on the HTTP port.",
  },

  backend: {
    default: "libgit2",
    parse: oneOf("libgit2", "shell"),
    aliases: ["GIT_BACKEND"],
    meaning: "Git backend: the embedded library, or native git in child processes.",
  },
  canaryPercent: {
    default: "1",
    parse: percent,
    meaning: "Share of reads that the other backend answers as well, to be compared.",
  },

  grpcToken: {
    default: "",
    parse: text,
    secret: true,
    meaning: "Shared secret of the Gitaly protocol; may be empty only while listening on loopback.",
  },
  grpcTokenPrevious: {
    default: "",
    parse: text,
    secret: true,
    meaning: "The secret before, accepted as well while clients change over.",
  },
  gitalyTargetRefs: {
    default: "any",
    parse: oneOf("any", "merge-requests"),
    meaning: "Target of UserMergeToRef and UserRebaseToRef: any valid refs/…, or as Gitaly only refs/merge-requests/….",
  },
  gitalyConflictWord: {
    default: "true",
    parse: flagValue,
    meaning:
      'Whether the message of a merge conflict always contains the word "conflict"; false gives Gitaly\'s own text.',
  },
  gitalyRequireGl: {
    default: "false",
    parse: flagValue,
    meaning: "Whether a request that changes something must carry gl_id and gl_repository, as hooks of GitLab need.",
  },

  requestsMax: { default: "512", parse: count(1), meaning: "Requests at once in all." },
  repositoryRequestsMax: { default: "128", parse: count(1), meaning: "Requests at once on one repository." },
  requestsWaitingMax: { default: "4096", parse: count(0), meaning: "Requests that may wait for their turn." },
  requestWaitMs: {
    default: "10000",
    parse: count(0),
    meaning: "Longest wait of a request for its turn, milliseconds.",
  },
  bodiesBytesMax: {
    default: "512 MiB",
    parse: bytes,
    meaning:
      "Memory that bodies of requests may take together, bytes; one takes three times its size. Those beyond wait as long as for their turn.",
  },
  pushBytesMax: {
    default: "2 GiB",
    parse: bytes,
    meaning: "Largest push, and largest change by UserCommitFiles, bytes.",
  },
  cloneBytesMax: {
    default: "16 GiB",
    parse: bytes,
    meaning: "Largest pack that a clone or a mirror fetches from another server, bytes.",
  },
  createOnPush: {
    default: "true",
    parse: flagValue,
    meaning: "Whether a push to a missing repository creates it, where the caller may create it.",
  },
  allowDefaultBranchDelete: {
    default: "false",
    parse: flagValue,
    meaning: "Whether a push may delete the branch that HEAD names.",
  },
  refuseLegacyFaults: {
    default: "false",
    parse: flagValue,
    meaning:
      "Whether pushes with badTimezone, missingSpaceBeforeDate or zeroPaddedFilemode are refused as well: old histories have them.",
  },
  blobBytesMax: { default: "100 MiB", parse: bytes, meaning: "Largest blob written through an API, bytes." },
  answerBytesMax: { default: "4 GiB", parse: bytes, meaning: "Largest answer to one request, bytes." },
  packCacheBytes: {
    default: "1 GiB",
    parse: bytesOrNone,
    meaning:
      "Disk space for packs that are kept below `<data>/cache/packs`, for those who fetch the same; the largest takes half. 0 switches the cache off.",
  },
  packCacheAgeMs: { default: "300000", parse: count(1), meaning: "How long such a pack is kept, milliseconds." },
  lockTimeoutMs: { default: "30000", parse: count(1), meaning: "Longest wait for a repository's lock, milliseconds." },
  hookTimeoutMs: { default: "60000", parse: count(1), meaning: "Longest run of one hook, milliseconds." },
  drainTimeoutMs: {
    default: "10000",
    parse: count(0),
    meaning: "How long a server that was told to stop lets running requests finish, milliseconds.",
  },

  signingKey: {
    default: "",
    parse: optionalPath,
    meaning:
      "File with the private key that the server signs commits with, mode 0600, without a passphrase: as ssh-keygen writes it, or armoured OpenPGP.",
  },
  signCommits: {
    default: "asked",
    parse: oneOf("asked", "all"),
    meaning: "Which commits that the server makes are signed: those for which it is asked, or all of them.",
  },
  hooksPath: { default: "", parse: optionalPath, meaning: "Directory of hooks that run for every repository." },
  eventsKeepDays: { default: "30", parse: count(1, 36_500), meaning: "How long events are kept, days." },
  logLevel: {
    default: "info",
    parse: oneOf("trace", "debug", "info", "warn", "error", "fatal", "silent"),
    meaning: "Least weighty kind of log line that is written.",
  },

  anonAccess: {
    default: "",
    parse: optional(oneOf(...ACCESS_LEVELS)),
    meaning:
      "What callers without credentials may do: no-access, read-only, read-write or admin-access. Unset: read-only, until changed while the server runs.",
  },
  allowKeyless: {
    default: "",
    parse: optional(flagValue),
    meaning:
      "Whether callers without keys and tokens may do anything at all. Unset: true, until changed while the server runs.",
  },
  adminToken: {
    default: "",
    parse: text,
    secret: true,
    meaning: "The administrator's token. Unset: made at the first start and kept in <data>/admin-token.",
  },
  tlsCert: {
    default: "",
    parse: optionalPath,
    meaning: "File with the certificate chain for HTTP and gRPC, PEM; read again on SIGHUP.",
  },
  tlsKey: { default: "", parse: optionalPath, meaning: "File with the certificate's key, PEM." },
  databaseUrl: {
    default: "",
    parse: optional(databaseUrl),
    secret: true,
    meaning: "Metadata database: a URL of PostgreSQL (postgres://…). Unset: the SQLite file <data>/holdfast.db.",
  },
  sessionAutocommitMs: {
    default: "15000",
    parse: count(1, 86_400_000),
    meaning:
      "How long after the last write a session is committed automatically, milliseconds; at the latest after four times that.",
  },
  sessionLeaseMs: {
    default: "604800000",
    parse: count(1000),
    meaning: "How long a session that nobody uses stays, milliseconds; then it is backed up and removed.",
  },
  sessionsPerUserMax: { default: "256", parse: count(1), meaning: "Sessions that one user may have." },
  sessionsMax: { default: "4096", parse: count(1), meaning: "Sessions in all." },
  defaultSessions: {
    default: "true",
    parse: flagValue,
    meaning: "Whether a user who names no session gets one by himself, on the default branch.",
  },
  mcpToolsets: {
    default: "default",
    parse: word,
    meaning: "Toolsets of MCP clients that ask for none: names separated by commas, `default`, or `all`.",
  },
  mcpResultBytes: {
    default: "100 KiB",
    parse: bytes,
    meaning: "Longest result of an MCP tool, bytes of JSON; what is longer is given in parts.",
  },
  allowPrivateTargets: {
    default: "false",
    parse: flagValue,
    meaning: "Whether webhooks, clones and mirrors may reach loopback, private and link-local addresses.",
  },
  publicUrl: {
    default: "",
    parse: optionalUrl,
    meaning: "Address of the HTTP door that users see, such as https://git.example.org; by default where it listens.",
  },
  trustedProxies: {
    default: "",
    parse: networks,
    meaning:
      "Proxies whose Forwarded and X-Forwarded headers are believed: addresses and networks, separated by commas.",
  },
  allowedOrigins: {
    default: "",
    parse: origins,
    meaning: "Origins of web pages that may call us, such as https://app.example.org, separated by commas.",
  },
  redisUrl: {
    default: "",
    parse: text,
    secret: true,
    later: "warned",
    meaning: "Redis, for caches that servers share.",
  },
  otlpEndpoint: {
    default: "",
    parse: text,
    aliases: ["OTEL_EXPORTER_OTLP_ENDPOINT"],
    later: "warned",
    meaning: "Receiver of traces.",
  },
} as const satisfies Readonly<Record<string, Setting<unknown>>>;

export type SettingName = keyof typeof SETTINGS;

/** The settings of a server, checked and typed. */
export type Config = { readonly [N in SettingName]: ReturnType<(typeof SETTINGS)[N]["parse"]> };
