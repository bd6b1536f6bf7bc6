import { type Oid, zeroOid } from "../domain/oid.ts";
import type { Reference, RefName } from "../domain/reference.ts";
import { capabilityValue } from "./capabilities.ts";
import type { PacketText } from "./packet-text.ts";
import type { ProtocolVersion } from "./protocol-version.ts";
import type { ServerIdentity } from "./upload-pack-advertisement.ts";

const CAPABILITIES = "report-status report-status-v2 delete-refs side-band-64k quiet atomic ofs-delta push-options";

/**
 * What a server says first to a client that pushes (gitprotocol-pack(5)): each reference with its value, as it is, not peeled. There
 * is no version 2 of it: who asks for that gets version 0, as from git.
 */
export class PushAdvertisement {
  readonly #text: PacketText;
  readonly #identity: ServerIdentity;
  /** Stands behind the first line; empty once it is said. */
  #capabilities: string;

  constructor(text: PacketText, identity: ServerIdentity, version: ProtocolVersion) {
    this.#text = text;
    this.#identity = identity;
    const words = [
      CAPABILITIES,
      `session-id=${capabilityValue(identity.sessionId)}`,
      `object-format=${identity.objectFormat}`,
      `agent=${capabilityValue(identity.agent)}`,
    ];
    this.#capabilities = `\0${words.join(" ")}`;
    if (version === 1) text.line("version 1");
  }

  add(references: readonly Reference[], isHidden: (name: RefName) => boolean): void {
    for (const { name, oid } of references) if (!isHidden(name)) this.#add(oid, name);
  }

  /** Ends it: the capabilities where nothing could carry them, where the repository's history ends, flush. */
  end(shallow: readonly Oid[]): void {
    if (this.#capabilities !== "") this.#add(zeroOid(this.#identity.objectFormat), "capabilities^{}");
    for (const oid of shallow) this.#text.line(`shallow ${oid}`);
    this.#text.flush();
  }

  #add(oid: Oid, name: RefName): void {
    this.#text.line(`${oid} ${name}${this.#capabilities}`);
    this.#capabilities = "";
  }
}
