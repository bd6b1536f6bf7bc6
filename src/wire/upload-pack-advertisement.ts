import type { ObjectFormat } from "../domain/oid.ts";
import { zeroOid, type Oid } from "../domain/oid.ts";
import type { Head, Reference, RefName } from "../domain/reference.ts";
import { capabilityValue } from "./capabilities.ts";
import type { PacketText } from "./packet-text.ts";

/** What a server says about itself. */
export interface ServerIdentity {
  /** Program and version, such as `holdfast/1.0`. */
  readonly agent: string;
  /** Names the conversation in logs on both sides. */
  readonly sessionId: string;
  readonly objectFormat: ObjectFormat;
}

/** Adds the capabilities of version 2 (gitprotocol-v2(5)), flush included. */
export function addCapabilities(text: PacketText, { agent, sessionId, objectFormat }: ServerIdentity): void {
  text
    .line("version 2")
    .line(`agent=${capabilityValue(agent)}`)
    .line("ls-refs=unborn")
    .line("fetch=shallow wait-for-done filter ref-in-want")
    .line("server-option")
    .line(`object-format=${objectFormat}`)
    .line(`session-id=${capabilityValue(sessionId)}`)
    .line("object-info=size")
    .flush();
}

const V0_CAPABILITIES =
  "multi_ack thin-pack side-band side-band-64k ofs-delta shallow deepen-since deepen-not deepen-relative no-progress" +
  " include-tag multi_ack_detailed";

export interface AdvertisementOptions {
  readonly identity: ServerIdentity;
  readonly head: Head;
  /** Over HTTP the pack may follow at once when the server is ready. */
  readonly noDone: boolean;
  /** Wants that were not advertised may be asked for: capabilities such as `allow-tip-sha1-in-want`. */
  readonly allowances?: readonly string[];
}

/** The advertisement of versions 0 and 1 (gitprotocol-pack(5)), reference by reference. */
export class ReferenceAdvertisement {
  readonly #text: PacketText;
  /** Stands behind the first line; empty once it is said. */
  #capabilities: string;

  constructor(text: PacketText, { identity, head, noDone, allowances = [] }: AdvertisementOptions) {
    this.#text = text;
    const words = [
      V0_CAPABILITIES,
      ...allowances,
      ...(noDone ? ["no-done"] : []),
      ...(head.target !== undefined && head.oid !== undefined ? [`symref=HEAD:${head.target}`] : []),
      "filter",
      `session-id=${capabilityValue(identity.sessionId)}`,
      `object-format=${identity.objectFormat}`,
      `agent=${capabilityValue(identity.agent)}`,
    ];
    this.#capabilities = `\0${words.join(" ")}`;
    if (head.oid !== undefined) this.#add(head.oid, "HEAD");
  }

  /** Do the next references carry nothing but themselves? */
  get hasToldCapabilities(): boolean {
    return this.#capabilities === "";
  }

  add(references: readonly Reference[], isHidden: (name: RefName) => boolean): void {
    for (const { name, oid, peeledOid } of references) {
      if (isHidden(name)) continue;
      this.#add(oid, name);
      if (peeledOid !== undefined) this.#text.line(`${peeledOid} ${name}^{}`);
    }
  }

  /** Ends it: the capabilities where nothing could carry them, where the repository's history ends, flush. */
  end(objectFormat: ObjectFormat, shallow: readonly Oid[]): void {
    if (this.#capabilities !== "") this.#add(zeroOid(objectFormat), "capabilities^{}");
    for (const oid of shallow) this.#text.line(`shallow ${oid}`);
    this.#text.flush();
  }

  #add(oid: Oid, name: RefName): void {
    this.#text.line(`${oid} ${name}${this.#capabilities}`);
    this.#capabilities = "";
  }
}
