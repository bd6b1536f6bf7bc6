import type { Oid } from "../../domain/oid.ts";
import { Capabilities } from "../../wire/capabilities.ts";
import { refuseError } from "../../wire/command-request.ts";
import { FetchRequest } from "../../wire/fetch-request.ts";
import { PacketText } from "../../wire/packet-text.ts";
import { lineOf } from "../../wire/pkt-line.ts";
import { CONVERSATION_BYTES_MAX, REQUEST_BYTES_MAX } from "../../wire/request-limits.ts";
import { SIDEBAND_64K_DATA_MAX, SIDEBAND_DATA_MAX } from "../../wire/sideband.ts";
import { WireRefusal } from "../../wire/wire-refusal.ts";
import { OperationError } from "../../domain/errors.ts";
import { SharedHistory } from "./shared-history.ts";
import { HistoryReader } from "./history-reader.ts";
import { packRequest } from "./pack-request.ts";
import { planShallow, type ShallowPlan } from "./plan-shallow.ts";
import { readAdvertisement, readTips, tipsShown } from "./read-advertisement.ts";
import { sendPack } from "./send-pack.ts";
import type { UploadPackSession } from "./upload-pack-session.ts";
import { readExcludedRefs, requireAdvertised, requireObjects } from "./wanted-objects.ts";

/** How a client wants to be told what is common (gitprotocol-pack(5)). */
type MultiAck = "none" | "plain" | "detailed";

/** What a version 0 client asks for. */
interface Needs {
  readonly request: FetchRequest;
  multiAck: MultiAck;
  noDone: boolean;
  /** The most data in one packet of a side band; 0 without side bands. */
  sideband: number;
}

/** Serves versions 0 and 1 (gitprotocol-pack(5)): all references, what is wanted, what is common, the pack. */
export async function* serveV0(session: UploadPackSession, version: 0 | 1): AsyncGenerator<Uint8Array> {
  const { repository, mode, signal, options, reader: packets } = session;
  let shown: readonly Buffer[] = [];
  if (mode !== "stateless") {
    shown = await readAdvertisement(session, version);
    yield* shown;
  }
  if (mode === "advertise") return;

  const needs = await readNeeds(session);
  if (needs === undefined) return;
  const { request } = needs;
  const wants = [...request.wants];
  const history = await HistoryReader.open(repository, signal);
  await requireObjects(history, wants);
  const tips = tipsShown(shown, repository.objectFormat);
  const others = options.allowsAny ? [] : wants.filter((oid) => !tips.has(oid));
  if (others.length > 0) {
    const reachableWillDo = mode === "stateless" || options.allowsReachable;
    await requireAdvertised(history, others, await readTips(session), reachableWillDo);
  }
  const excluded = await readExcludedRefs(repository, request.deepening.not);
  const plan = await planShallow({ reader: history, request, wants, excluded, tellsOwnEnds: false });
  if (request.deepens) yield shallowLines(plan);
  // Over HTTP the client takes this answer first, and asks anew.
  if (mode === "stateless" && (await packets.isAtEnd())) return;

  const common = new SharedHistory(history);
  if (!(yield* negotiate(session, needs, common, wants))) return;
  yield* sendPack(repository, packRequest(request, wants, common.haves, plan), {
    sideband: needs.sideband,
    progress: !request.noProgress,
  });
}

/** Reads wants and depth, up to the flush; undefined when nothing is wanted. */
async function readNeeds({ reader, identity }: UploadPackSession): Promise<Needs | undefined> {
  const request = new FetchRequest(identity.objectFormat);
  const needs: Needs = { request, multiAck: "none", noDone: false, sideband: 0 };
  let mayFilter = false;
  let bytes = 0;
  for (;;) {
    const packet = await reader.next();
    if (packet === undefined && request.wants.size > 0) throw cutOff();
    if (!(packet instanceof Buffer)) return request.wants.size === 0 ? undefined : needs;
    refuseError(packet);
    bytes += packet.length;
    if (bytes > REQUEST_BYTES_MAX) throw tooLarge("request", bytes, REQUEST_BYTES_MAX);
    const line = lineOf(packet);
    if (request.takeHistoryLine(line)) continue;
    if (line.startsWith("filter ")) {
      if (!mayFilter) throw new WireRefusal("filtering capability not negotiated");
      request.takeFilter(line.slice(7));
      continue;
    }
    if (!line.startsWith("want ")) {
      throw new WireRefusal(`protocol error, expected to get object ID, not '${line.slice(0, 200)}'`);
    }
    const space = line.indexOf(" ", 5);
    request.wants.add(request.oid(space < 0 ? line.slice(5) : line.slice(5, space), line));
    if (space < 0) continue;
    const capabilities = Capabilities.parse(line.slice(space + 1));
    takeCapabilities(needs, capabilities);
    mayFilter ||= capabilities.has("filter");
  }
}

function takeCapabilities(needs: Needs, capabilities: Capabilities): void {
  const { request } = needs;
  if (capabilities.has("deepen-relative")) request.deepening.relative = true;
  if (capabilities.has("multi_ack_detailed")) needs.multiAck = "detailed";
  else if (capabilities.has("multi_ack")) needs.multiAck = "plain";
  needs.noDone ||= capabilities.has("no-done");
  request.thinPack ||= capabilities.has("thin-pack");
  request.ofsDelta ||= capabilities.has("ofs-delta");
  request.noProgress ||= capabilities.has("no-progress");
  request.includeTag ||= capabilities.has("include-tag");
  if (capabilities.has("side-band-64k")) needs.sideband = SIDEBAND_64K_DATA_MAX;
  else if (capabilities.has("side-band")) needs.sideband = SIDEBAND_DATA_MAX;
}

function shallowLines({ shallow, unshallow }: ShallowPlan): Buffer {
  const text = new PacketText();
  for (const oid of shallow) text.line(`shallow ${oid}`);
  for (const oid of unshallow) text.line(`unshallow ${oid}`);
  return text.flush().take();
}

/** Hears what the client has and acknowledges it, until a pack can be made; false when the client asks again, as over HTTP. */
async function* negotiate(
  { reader, mode, identity }: UploadPackSession,
  { multiAck, noDone }: Needs,
  common: SharedHistory,
  wants: readonly Oid[],
): AsyncGenerator<Uint8Array, boolean> {
  const text = new PacketText();
  const parser = new FetchRequest(identity.objectFormat);
  let last = "";
  let [gotCommon, gotOther, sentReady] = [false, false, false];
  let bytes = 0;
  for (;;) {
    const packet = await reader.next();
    if (packet === undefined) throw cutOff();
    if (typeof packet === "string") {
      if (multiAck === "detailed" && gotCommon && !gotOther && (await common.isReady(wants))) {
        sentReady = true;
        text.line(`ACK ${last} ready`);
      }
      if (common.haves.length === 0 || multiAck !== "none") text.line("NAK");
      const isEnough = noDone && sentReady;
      if (isEnough) text.line(`ACK ${last}`);
      if (!text.isEmpty) yield text.take();
      if (isEnough) return true;
      if (mode === "stateless") return false;
      gotCommon = gotOther = false;
      continue;
    }
    refuseError(packet);
    bytes += packet.length;
    if (bytes > CONVERSATION_BYTES_MAX) throw tooLarge("conversation", bytes, CONVERSATION_BYTES_MAX);
    const line = lineOf(packet);
    if (line === "done") {
      if (common.haves.length === 0) text.line("NAK");
      else if (multiAck !== "none") text.line(`ACK ${last}`);
      if (!text.isEmpty) yield text.take();
      return true;
    }
    if (!line.startsWith("have ")) throw new WireRefusal(`expected SHA1 list, got '${line.slice(0, 200)}'`);
    const oid = parser.oid(line.slice(5), line);
    const [isHere] = await common.add([oid]);
    if (isHere === true) {
      gotCommon = true;
      last = oid;
      if (multiAck === "detailed") text.line(`ACK ${oid} common`);
      else if (multiAck === "plain") text.line(`ACK ${oid} continue`);
      else if (common.haves.length === 1) text.line(`ACK ${oid}`);
    } else {
      gotOther = true;
      if (multiAck === "none" || !(await common.isReady(wants))) continue;
      sentReady ||= multiAck === "detailed";
      // The id is one that is not here: it tells the client to stop looking behind it.
      text.line(`ACK ${oid} ${multiAck === "detailed" ? "ready" : "continue"}`);
    }
  }
}

const cutOff = (): OperationError =>
  new OperationError("protocol_error", { problem: "the input ends within a request" });

const tooLarge = (what: string, sizeBytes: number, limitBytes: number): OperationError =>
  new OperationError("too_large", { what, sizeBytes, limitBytes });
