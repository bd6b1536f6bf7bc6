import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Person } from "../../../domain/format-identity.ts";
import type { User } from "./generated/shared_pb.ts";

/** The user of a request as the person who commits or tags. */
export function personOf(user: User): Person {
  return { name: user.name, email: user.email };
}

/** The moment of a request: its timestamp, cut to seconds, in the user's zone. */
export function momentOf(user: User, timestamp: Timestamp | undefined): { seconds?: number; timezone?: string } {
  return {
    ...(timestamp === undefined ? {} : { seconds: Number(timestamp.seconds) }),
    ...(user.timezone === "" ? {} : { timezone: user.timezone }),
  };
}
