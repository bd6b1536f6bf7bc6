import { setImmediate } from "node:timers/promises";
import type { Oid } from "../../domain/oid.ts";
import type { RefName } from "../../domain/reference.ts";
import { type CommandRequest, readCommandRequest } from "../../wire/command-request.ts";
import { FetchRequest } from "../../wire/fetch-request.ts";
import { parseLsRefs } from "../../wire/ls-refs.ts";
import { formatObjectInfo, parseObjectInfo } from "../../wire/object-info.ts";
import { PacketText } from "../../wire/packet-text.ts";
import { SIDEBAND_64K_DATA_MAX } from "../../wire/sideband.ts";
import { addCapabilities } from "../../wire/upload-pack-advertisement.ts";
import { SharedHistory } from "./shared-history.ts";
import { HistoryReader } from "./history-reader.ts";
import { packRequest } from "./pack-request.ts";
import { planShallow, type ShallowPlan } from "./plan-shallow.ts";
import { readReferences } from "./read-advertisement.ts";
import { sendPack } from "./send-pack.ts";
import type { UploadPackSession } from "./upload-pack-session.ts";
import { readExcludedRefs, readWantedRefs, requireObjects } from "./wanted-objects.ts";

const OBJECTS_IN_A_ROW = 500;
const COMMANDS = ["ls-refs", "fetch", "object-info"];

/** Serves version 2 (gitprotocol-v2(5)): the capabilities, then one request and its answer, or as many as come. */
export async function* serveV2(session: UploadPackSession): AsyncGenerator<Uint8Array> {
  const { identity, mode, reader } = session;
  if (mode !== "stateless") {
    const text = new PacketText();
    addCapabilities(text, identity);
    yield text.take();
  }
  if (mode === "advertise") return;
  do {
    const request = await readCommandRequest(reader, COMMANDS, identity.objectFormat);
    if (request === undefined) return;
    yield* answer(session, request);
  } while (mode === "stateful");
}

async function* answer(session: UploadPackSession, { command, args }: CommandRequest): AsyncGenerator<Uint8Array> {
  const { repository, identity, signal } = session;
  if (command === "ls-refs") {
    yield* await readReferences(session, parseLsRefs(args));
  } else if (command === "object-info") {
    const request = parseObjectInfo(args, identity.objectFormat);
    const { git, view } = repository;
    const sizes: (number | undefined)[] = [];
    for (const [index, oid] of request.oids.entries()) {
      // Objects are mostly found without waiting: others have their turn now and then.
      if (index % OBJECTS_IN_A_ROW === OBJECTS_IN_A_ROW - 1) await setImmediate();
      signal.throwIfAborted();
      sizes.push((await git.objects.info(view, oid))?.size);
    }
    yield formatObjectInfo(request, sizes);
  } else {
    const request = new FetchRequest(identity.objectFormat);
    for (const line of args) request.takeArgument(line);
    args.length = 0;
    yield* fetch(session, request);
  }
}

async function* fetch(
  { repository, signal, options }: UploadPackSession,
  request: FetchRequest,
): AsyncGenerator<Uint8Array> {
  const reader = await HistoryReader.open(repository, signal);
  await requireObjects(reader, [...request.wants]);
  const wantedRefs = await readWantedRefs(repository, request.wantRefs, options.isHidden);
  const wants = [...new Set([...request.wants, ...wantedRefs.values()])];
  if (wants.length === 0 && !request.waitForDone) return;

  const common = new SharedHistory(reader);
  const text = new PacketText();
  if (request.haves.length > 0) {
    const isHere = await common.add(request.haves);
    if (!request.done) {
      const isReady = !request.waitForDone && (await common.isReady(wants));
      addAcknowledgments(
        text,
        request.haves.filter((_, index) => isHere[index]),
        isReady,
      );
      if (!isReady) {
        yield text.flush().take();
        return;
      }
      text.delim();
    }
  }
  const isAboutShallow = request.deepens || request.shallow.size > 0 || reader.ends.size > 0;
  const excluded = await readExcludedRefs(repository, request.deepening.not);
  const plan = await planShallow({ reader, request, wants, excluded, tellsOwnEnds: true });
  if (isAboutShallow) addShallowInfo(text, plan);
  addWantedRefs(text, wantedRefs);
  yield text.line("packfile").take();
  yield* sendPack(repository, packRequest(request, wants, common.haves, plan), {
    sideband: SIDEBAND_64K_DATA_MAX,
    progress: !request.noProgress,
  });
}

function addAcknowledgments(text: PacketText, haves: readonly Oid[], isReady: boolean): void {
  text.line("acknowledgments");
  if (haves.length === 0) text.line("NAK");
  for (const oid of haves) text.line(`ACK ${oid}`);
  if (isReady) text.line("ready");
}

/** Sections stand in the order of gitprotocol-v2(5), which clients rely on: git before 2.50 sends the next two the other way round. */
function addShallowInfo(text: PacketText, { shallow, unshallow }: ShallowPlan): void {
  text.line("shallow-info");
  for (const oid of shallow) text.line(`shallow ${oid}`);
  for (const oid of unshallow) text.line(`unshallow ${oid}`);
  text.delim();
}

function addWantedRefs(text: PacketText, wantedRefs: ReadonlyMap<RefName, Oid>): void {
  if (wantedRefs.size === 0) return;
  text.line("wanted-refs");
  for (const [name, oid] of wantedRefs) text.line(`${oid} ${name}`);
  text.delim();
}
