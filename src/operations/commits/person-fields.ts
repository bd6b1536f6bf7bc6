import { cleanIdentityPart, formatIdentity, type Person, type ZonedTime } from "../../domain/format-identity.ts";
import { offsetMinutesAt } from "../../domain/time-zone.ts";
import { OperationError } from "../../domain/errors.ts";
import type { Clock } from "../../contract/context.ts";
import { BytesField, Maybe, type Static, Type } from "../../contract/fields.ts";

/** A person's name and mail address, as bytes. */
export const PersonField = Type.Object(
  { name: BytesField("Name"), email: BytesField("Mail address") },
  { additionalProperties: false, title: "Person", description: "A person, as commits and tags name them" },
);

/** When a commit or tag is made; the server's clock and UTC where it is left out. */
export const MomentField = Type.Object(
  {
    seconds: Maybe(Type.Integer({ description: "Seconds since 1970; now when absent" })),
    timezone: Maybe(Type.String({ description: "IANA name of the zone, such as Europe/Berlin; UTC when absent" })),
  },
  { additionalProperties: false, description: "A point in time" },
);

/** Resolves a moment to seconds and offset. Throws `invalid_input` for an unknown zone. */
export function resolveMoment(moment: Static<typeof MomentField> | undefined, clock: Clock): ZonedTime {
  const seconds = moment?.seconds ?? Math.floor(clock.nowMs() / 1000);
  return { seconds, offsetMinutes: offsetMinutesAt(moment?.timezone ?? "", seconds) };
}

/** Formats the identity line of a commit, cleaned as git cleans it. Throws `invalid_identity` when nothing is left of a part. */
export function commitIdentity(person: Person, time: ZonedTime): Uint8Array {
  const cleaned = { name: cleanIdentityPart(person.name), email: cleanIdentityPart(person.email) };
  if (cleaned.name.length === 0 || cleaned.email.length === 0) {
    throw new OperationError("invalid_identity", { problem: "empty name or email" });
  }
  return formatIdentity(cleaned, time);
}
