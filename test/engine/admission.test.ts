import { describe, expect, test } from "bun:test";
import { Admission, type AdmissionLimits, type Place } from "../../src/engine/admission.ts";
import { failureOf } from "../support/failure-of.ts";

const LIMITS: AdmissionLimits = { requestsMax: 3, requestsPerRepositoryMax: 2, waitMaxMs: 60_000, waitingMax: 2 };
const NEVER = new AbortController().signal;
const A = { storage: "default", relativePath: "a.git" };
const B = { storage: "default", relativePath: "b.git" };

type Leave = () => void;

/** Enters where there is room. */
function enter(admission: Admission, repository = A): Leave {
  return placeIn(admission, repository).leave;
}

function placeIn(admission: Admission, repository = A): Place {
  const place = admission.enter(repository, NEVER);
  if (place instanceof Promise) throw new Error("there was no room");
  return place;
}

/** Waits for a place, and notes in `order` when it is there. */
function wait(
  admission: Admission,
  repository: typeof A,
  order: string[],
  name: string,
  signal = NEVER,
): Promise<Leave> {
  const entered = admission.enter(repository, signal);
  if (!(entered instanceof Promise)) throw new Error("there was room");
  return entered.then((place) => {
    order.push(name);
    return place.leave;
  });
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("Admission", () => {
  test("lets in up to the limits, in all and per repository; the others wait in their order", async () => {
    const admission = new Admission(LIMITS);
    const order: string[] = [];
    const first = enter(admission);
    enter(admission);
    const behind = wait(admission, A, order, "a");
    const other = enter(admission, B);
    const last = wait(admission, B, order, "b");
    await turn();
    expect(order).toEqual([]);
    // The first in the queue still waits for its repository; the place in all goes to the one behind it.
    other();
    await turn();
    expect(order).toEqual(["b"]);
    first();
    await turn();
    expect(order).toEqual(["b", "a"]);
    const full = wait(admission, B, order, "full");
    await turn();
    expect(order).toEqual(["b", "a"]);
    (await behind)();
    (await last)();
    (await full)();
  });

  test("gives a place back once, however often it is left", async () => {
    const admission = new Admission({ ...LIMITS, requestsPerRepositoryMax: 1 });
    const leave = enter(admission);
    leave();
    leave();
    const leaveAgain = enter(admission);
    const queued = admission.enter(A, NEVER);
    expect(queued).toBeInstanceOf(Promise);
    // Nobody is left in the queue, where he would be refused long after this test.
    leaveAgain();
    (await queued).leave();
  });

  test("operations without a repository count in all", async () => {
    const admission = new Admission({ ...LIMITS, requestsMax: 1 });
    const first = admission.enter(undefined, NEVER);
    expect(first).not.toBeInstanceOf(Promise);
    const queued = admission.enter(undefined, NEVER);
    expect(queued).toBeInstanceOf(Promise);
    (await first).leave();
    (await queued).leave();
  });

  test("refuses who would wait too long, and who finds the queue full", async () => {
    const brief = new Admission({ ...LIMITS, requestsPerRepositoryMax: 1, waitMaxMs: 5 });
    const leave = enter(brief);
    expect(await failureOf(brief.enter(A, NEVER) as Promise<Place>)).toMatchObject({
      reason: "limit_exceeded",
      details: { limit: "maximum time in concurrency queue reached", maximum: 5 },
    });
    leave();
    enter(brief);

    const full = new Admission({ ...LIMITS, requestsPerRepositoryMax: 1, waitingMax: 0 });
    enter(full);
    expect(await failureOf(Promise.try(() => full.enter(A, NEVER)))).toMatchObject({
      reason: "limit_exceeded",
      details: { limit: "maximum queue size reached", maximum: 0 },
    });
    enter(full, B);
  });

  test("who is canceled leaves the queue, and takes no place", async () => {
    const admission = new Admission({ ...LIMITS, requestsPerRepositoryMax: 1 });
    const leave = enter(admission);
    const controller = new AbortController();
    const order: string[] = [];
    const gone = failureOf(wait(admission, A, order, "gone", controller.signal));
    const next = wait(admission, A, order, "next");
    controller.abort();
    expect(await gone).toMatchObject({ reason: "canceled" });
    leave();
    (await next)();
    expect(order).toEqual(["next"]);
    enter(admission);
  });

  test("a place that is lent is somebody else's, until it is taken back over the limit", async () => {
    const admission = new Admission({ ...LIMITS, requestsPerRepositoryMax: 1 });
    const order: string[] = [];
    const patient = placeIn(admission);
    const next = wait(admission, A, order, "next");
    patient.lend();
    const leaveNext = await next;
    patient.takeBack();
    const last = wait(admission, A, order, "last");
    leaveNext();
    await turn();
    expect(order).toEqual(["next"]);
    patient.leave();
    patient.takeBack();
    (await last)();
    enter(admission);
  });
});
