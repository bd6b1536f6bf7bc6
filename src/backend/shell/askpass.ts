import type { Duplex } from "node:stream";
import type { RemoteAccess } from "../remote-facet.ts";

const PROMPT_BYTES_MAX = 4096;
/** Servers that know a token by itself want any name with it. */
const ANY_USER = "git";
const NEWLINE = Buffer.from("\n");

/** Answers what git's askpass asks over the channel: about the server that is meant, and no other. */
export function answerPrompts(channel: Duplex, { url, credential }: RemoteAccess): void {
  const { host } = new URL(url);
  let asked = "";
  channel.on("data", (chunk: Buffer) => {
    asked = (asked + chunk.toString("utf8")).slice(-PROMPT_BYTES_MAX);
    for (let end = asked.indexOf("\n"); end >= 0; end = asked.indexOf("\n")) {
      const answer = answerTo(asked.slice(0, end), host, credential);
      asked = asked.slice(end + 1);
      if (answer === undefined) channel.end();
      else channel.write(answer, () => answer.fill(0));
    }
  });
}

/** `Username for 'https://host': `, `Password for 'https://user@host': ` (credential.c). */
function answerTo(
  prompt: string,
  host: string,
  credential: RemoteAccess["credential"],
): Buffer<ArrayBuffer> | undefined {
  const found = /^(Username|Password) for '([^']+)': $/.exec(prompt);
  const [, what, address = ""] = found ?? [];
  if (!URL.canParse(address) || new URL(address).host !== host || credential?.secret === undefined) return undefined;
  if (what === "Username") return Buffer.from(`${credential.username ?? ANY_USER}\n`);
  return Buffer.concat([credential.secret, NEWLINE]);
}

/** Does a text that the other side may have written tell the credential? As it is, or as http carries it. */
export function secretDetector({ credential }: RemoteAccess): { tells(text: string): boolean; forget(): void } {
  const { username = ANY_USER, secret, sshKey } = credential ?? {};
  const forms: Buffer[] = [];
  if (secret !== undefined && secret.length > 0) {
    const pair = Buffer.concat([Buffer.from(`${username}:`), secret]);
    forms.push(Buffer.from(secret), Buffer.from(pair.toString("base64")));
    pair.fill(0);
  }
  if (sshKey !== undefined && sshKey.length > 0) forms.push(Buffer.from(sshKey));
  return {
    tells: (text) => {
      const bytes = Buffer.from(text);
      return forms.some((form) => bytes.includes(form));
    },
    forget: () => {
      for (const form of forms) form.fill(0);
    },
  };
}
