import type { ByteString } from "./bytes.ts";

/** Who did something and when, as a commit or tag header tells it. Bytes are kept as found. */
export interface Identity {
  readonly name: Uint8Array;
  readonly email: Uint8Array;
  /** Seconds since 1970; absent when the line has no date; a date that cannot be read is `DATE_UNREADABLE`. */
  readonly seconds?: bigint;
  /** Zone as written, such as `+0100`; empty when the line has none. */
  readonly timezone: ByteString;
}

/** Stands for a date that is out of range, negative or not a number. */
export const DATE_UNREADABLE = 9223371974719179007n;
