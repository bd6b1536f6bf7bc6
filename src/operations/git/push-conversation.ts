import type { Context, OpenRepository, Quarantine, RefProposal } from "../../contract/context.ts";
import type { RepositoryRef } from "../../contract/repository-ref.ts";
import { type ByteString, encodeUtf8, fromByteString } from "../../domain/bytes.ts";
import { hasReason, OperationError } from "../../domain/errors.ts";
import { LongWait } from "../../domain/long-wait.ts";
import type { RefName } from "../../domain/reference.ts";
import { encodePacket, FLUSH, type PacketReader } from "../../wire/pkt-line.ts";
import { PushRequest } from "../../wire/push-request.ts";
import { reportStatus } from "../../wire/report-status.ts";
import { sidebandPackets } from "../../wire/sideband.ts";
import { stageForPush } from "./create-on-push.ts";
import { describeFailure } from "./describe-failure.ts";
import { isAbout, isRefusal, refusalOf, UNPACKER_ERROR } from "./push-refusals.ts";
import { refuseByRules, refuseNames } from "./push-rules.ts";
import { PushVerdicts } from "./push-verdicts.ts";
import { receiveObjects, refuseUnconnected } from "./receive-objects.ts";

/** What is read and forgotten of a client that goes on sending after its push has failed, so that it comes to read why. */
const DRAIN_BYTES_MAX = 64 * 1024 * 1024;
const DRAIN_MS_MAX = 10_000;

/** One push, from the commands to the report. */
export class PushConversation {
  readonly #context: Context;
  readonly #reader: PacketReader;
  readonly #say: (bytes: Uint8Array) => void;
  readonly #signal: AbortSignal;
  readonly #request = new PushRequest();
  #pack: AsyncGenerator<Uint8Array> | undefined;

  constructor(context: Context, reader: PacketReader, say: (bytes: Uint8Array) => void, signal: AbortSignal) {
    this.#context = context;
    this.#reader = reader;
    this.#say = say;
    this.#signal = signal;
  }

  /** Does the client listen on side bands? Known once its first command is read. */
  get hasSideband(): boolean {
    return this.#request.sideband;
  }

  /**
   * Reads the request and does what it asks for; `begun` is called when all has been read but the pack. Throws what it told the
   * client about, too.
   */
  async run(ref: RepositoryRef, existing: OpenRepository | undefined, begun: () => void): Promise<void> {
    const request = this.#request;
    try {
      await request.read(this.#reader, existing?.objectFormat);
    } catch (error) {
      this.#sayFatal(error);
      await this.#drain();
      throw error;
    }
    if (request.commands.length === 0) return;
    begun();
    const verdicts = new PushVerdicts(request.commands, request.atomic, (line) => this.#explain(line));
    let repository: OpenRepository;
    try {
      repository = existing ?? (await this.#make(ref));
    } catch (error) {
      this.#sayFatal(error);
      await this.#drain();
      throw error;
    }
    await this.#receive(ref, repository, verdicts);
  }

  async #make(ref: RepositoryRef): Promise<OpenRepository> {
    // Nothing that could be made of: who deletes, deletes from what is there.
    if (!this.#request.hasPack) throw new OperationError("repository_not_found", { repository: ref.relativePath });
    return stageForPush(ref, this.#request, this.#context);
  }

  async #receive(ref: RepositoryRef, repository: OpenRepository, verdicts: PushVerdicts): Promise<void> {
    const opened = await repository.quarantine();
    const quarantine: Quarantine = { view: { ...opened.view, signal: this.#signal } };
    try {
      if (this.#request.hasPack) await this.#takePack(repository, quarantine);
    } catch (error) {
      if (this.#signal.aborted || !(error instanceof OperationError)) throw error;
      verdicts.refuseLeft({ problem: UNPACKER_ERROR });
      this.#report(verdicts, encodeUtf8(describeFailure(error)));
      await this.#drain();
      throw error;
    }
    try {
      refuseNames(verdicts, this.#context);
      await refuseUnconnected(verdicts, repository, quarantine, this.#request);
      await refuseByRules(verdicts, repository, quarantine.view, this.#context.pushes);
      if (verdicts.left.length > 0) await this.#update(ref, repository, opened, verdicts);
    } catch (error) {
      if (this.#signal.aborted || !(error instanceof OperationError)) throw error;
      verdicts.refuseLeft({
        problem: encodeUtf8(error.message),
        explanation: encodeUtf8(describeFailure(error)),
      });
      this.#report(verdicts);
      throw error;
    }
    this.#report(verdicts);
  }

  async #takePack(repository: OpenRepository, quarantine: Quarantine): Promise<void> {
    const { quiet, sideband } = this.#request;
    this.#pack = this.#reader.rest();
    // Passed on piece by piece, so that who stops reading early does not end the stream: it is drained then.
    const pieces = { [Symbol.asyncIterator]: () => ({ next: () => this.#pack!.next() }) };
    const onProgress = (line: Uint8Array) => this.#sayToUser(line);
    await receiveObjects(repository, quarantine, this.#request, pieces, {
      limits: this.#context.limits,
      pushes: this.#context.pushes,
      ...(quiet || !sideband ? {} : { onProgress }),
    });
  }

  /** Through the ref door. Where somebody else has made the repository meanwhile, the push goes into that one. */
  async #update(
    ref: RepositoryRef,
    repository: OpenRepository,
    quarantine: Quarantine,
    verdicts: PushVerdicts,
  ): Promise<void> {
    try {
      await this.#propose(repository, quarantine, verdicts);
    } catch (error) {
      if (!hasReason(error, "repository_exists")) throw error;
      const other = await this.#context.open(ref);
      if (other.objectFormat !== repository.objectFormat) throw error;
      const { quarantineDir } = quarantine.view;
      await this.#propose(other, { view: { ...other.view, quarantineDir } }, verdicts);
    }
  }

  async #propose(repository: OpenRepository, quarantine: Quarantine, verdicts: PushVerdicts): Promise<void> {
    const { atomic, hasPack, pushOptions } = this.#request;
    const left = verdicts.left;
    const proposal: RefProposal = {
      changes: left.map(({ name, oldOid, newOid }) => ({ name, newOid, expectedOid: oldOid })),
      ...(hasPack ? { quarantine } : {}),
      hooks: "receive",
      isPush: true,
      pushOptions,
      partial: !atomic,
      onHookOutput: (output) => this.#sayToUser(output),
    };
    try {
      const { sequence, refused = new Map<RefName, OperationError>() } = await repository.updateRefs(proposal);
      if (sequence !== undefined) this.#context.settled();
      for (const command of left) {
        const error = refused.get(command.name);
        if (error !== undefined) verdicts.refuse(command, refusalOf(error, command));
      }
    } catch (error) {
      if (!(error instanceof OperationError) || !isRefusal(error)) throw error;
      const blamed = left.filter((command) => isAbout(error, command));
      if (blamed.length > 0 && atomic)
        for (const command of blamed) verdicts.refuse(command, refusalOf(error, command));
      else for (const command of left) verdicts.refuse(command, refusalOf(error, command));
    }
  }

  #report(verdicts: PushVerdicts, unpack?: ByteString): void {
    const { report, sideband } = this.#request;
    const said = report === "none" ? undefined : reportStatus(unpack, verdicts.statuses());
    if (!sideband) {
      if (said !== undefined) this.#say(said);
      return;
    }
    if (said !== undefined) this.#say(sidebandPackets(1, said));
    this.#say(FLUSH);
  }

  #explain(line: ByteString): void {
    this.#sayToUser(fromByteString(`${line}\n`));
  }

  #sayToUser(bytes: Uint8Array): void {
    if (this.#request.sideband) this.#say(sidebandPackets(2, bytes));
  }

  /** Why the conversation ends before there is anything to report. */
  #sayFatal(error: unknown): void {
    if (this.#signal.aborted || !(error instanceof OperationError)) return;
    const why = describeFailure(error);
    if (this.#request.sideband) this.#say(sidebandPackets(3, Buffer.from(`${why}\n`)));
    else this.#say(encodePacket(`ERR ${encodeUtf8(why)}\n`));
  }

  /** Reads on for a while, so that a client that is still sending comes to read what it was told. */
  async #drain(): Promise<void> {
    const late = AbortSignal.timeout(DRAIN_MS_MAX);
    const ended = new Promise<undefined>((resolve) => late.addEventListener("abort", () => resolve(undefined)));
    const end = new LongWait(ended);
    const pack = this.#pack ?? this.#reader.rest();
    for (let bytes = 0; bytes < DRAIN_BYTES_MAX;) {
      const next = await end.race(pack.next()).catch(() => undefined);
      if (next === undefined || next.done === true) return;
      bytes += next.value.length;
    }
  }
}
