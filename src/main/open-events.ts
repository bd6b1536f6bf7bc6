import type { Caller } from "../contract/principal.ts";
import type { Engine } from "../engine/engine.ts";
import type { EventBus } from "../events/event-bus.ts";
import { EventLog } from "../events/event-log.ts";
import type { Journal } from "../events/journal.ts";
import { describePush } from "../operations/events/describe-push.ts";
import { systemClock } from "../telemetry/clock.ts";

/** A push that takes longer to read is told of without its commits. */
const READ_TIMEOUT_MS = 10_000;

/** The server on its own behalf. */
function ownCaller(signal: AbortSignal): Caller {
  return { principal: { kind: "control", name: "events" }, door: "internal", requestId: "events", peer: "", signal };
}

/** Makes the log of events. What a push has brought is read through the engine, once there is one, like any caller's question. */
export function openEvents(journal: Journal, bus: EventBus, engine: () => Engine): EventLog {
  return new EventLog({
    journal,
    bus,
    clock: systemClock,
    readPushed: ({ repository, changes }, { name, oldOid, newOid }) => {
      const others = changes.filter((each) => each.name !== name).map((each) => each.name);
      const input = { repository, ref: name, oldOid, newOid, others };
      return engine().run(describePush, input, ownCaller(AbortSignal.timeout(READ_TIMEOUT_MS)));
    },
  });
}
