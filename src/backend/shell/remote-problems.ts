import { OperationError } from "../../domain/errors.ts";
import { packProblem } from "./pack-problems.ts";

type Problem = readonly [pattern: RegExp, problem: string];

const UNREACHABLE: readonly Problem[] = [
  [/Could not resolve host|Name or service not known|Temporary failure in name/, "its name has no address"],
  [/Connection refused|Failed to connect|Couldn't connect|unable to connect|No route to host/i, "nobody answers there"],
  [/Operation too slow|timed out|Timeout was reached/i, "it does not answer in time"],
  [/SSL|GnuTLS|certificate|TLS/, "its certificate, or its way of encryption, is not good"],
  [
    /early EOF|unexpected disconnect|hung up unexpectedly|Connection reset|Empty reply|Connection closed|RPC failed|transfer closed|Broken pipe|unpack failed|EOF while reading/i,
    "the connection broke off",
  ],
  [/returned error: 5\d\d/, "it has an error of its own"],
];

const REFUSED: readonly Problem[] = [
  [/Authentication failed|returned error: 40[13]|Permission denied|publickey/, "the credential is not accepted"],
  [/could not read (Username|Password)|terminal prompts disabled/, "it asks for a credential"],
  [/Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED/, "its host key is not the known one"],
  [/returned error: 30\d|redirect/i, "it sends to another address, which is not followed"],
  [
    /not found|does not appear to be a git|returned error: 4\d\d|Could not read from remote/i,
    "no such repository there",
  ],
  [
    /not valid: is this a git repository|protocol error|bad line length|not our ref/i,
    "it does not speak git's protocol",
  ],
  [/Error in libcrypto|invalid format|Load key/, "the key cannot be read"],
];

const OBJECTS = /index-pack failed|unpack-objects failed|invalid index-pack output|^error: object [0-9a-f]+: /m;

/** The error that git's words about another server amount to; the words themselves stay here. */
export function remoteProblem(stderr: string, host: string): OperationError {
  // What the other side says could be anything.
  const own = stderr
    .split(/[\r\n]+/)
    .filter((line) => !line.startsWith("remote:"))
    .join("\n");
  const objects = OBJECTS.test(own) ? packProblem(own, undefined) : undefined;
  if (objects !== undefined && objects.reason !== "pack_invalid") return objects;
  const refused = REFUSED.find(([pattern]) => pattern.test(own));
  const unreachable = UNREACHABLE.find(([pattern]) => pattern.test(own));
  // ssh says `Could not read from remote` whatever was wrong: the first reason of all is nearer.
  if (unreachable !== undefined) return new OperationError("remote_unreachable", { host, problem: unreachable[1] });
  if (refused !== undefined) return new OperationError("remote_refused", { host, problem: refused[1] });
  return objects ?? new OperationError("remote_refused", { host, problem: "git cannot use its answer" });
}
