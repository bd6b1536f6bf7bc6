import { describe, expect, test } from "bun:test";
import { OperationError } from "../../../src/domain/errors.ts";
import { readSubscription } from "../../../src/transports/live/sse/subscription-query.ts";

const read = (query: string, lastEventId: string | null = null) =>
  readSubscription(new URLSearchParams(query), lastEventId);

function fieldOf(query: string, lastEventId: string | null = null): unknown {
  try {
    read(query, lastEventId);
  } catch (error) {
    if (error instanceof OperationError) return (error.details as { field?: string }).field;
    throw error;
  }
  return "nothing is wrong";
}

describe("readSubscription", () => {
  test("reads what is asked for", () => {
    expect(read("")).toEqual({ repos: [] });
    expect(read("repo=a/b&repo=c&repo=a/b&since=7&events=push,ref_updated&events=tag_created")).toEqual({
      repos: ["a/b", "c"],
      since: "7",
      events: ["push", "ref_updated", "tag_created"],
    });
    expect(read("admin=true")).toEqual({ repos: [], admin: true });
    expect(read("admin=false")).toEqual({ repos: [] });
  });

  test("goes on where a client that comes back has been, and not where its address began", () => {
    expect(read("since=0", "42")).toEqual({ repos: [], since: "42" });
    expect(read("since=3", "")).toEqual({ repos: [], since: "3" });
  });

  test("refuses what it would have to guess at", () => {
    expect(fieldOf("reop=a")).toBe("reop");
    expect(fieldOf("repo=")).toBe("repo");
    expect(fieldOf("since=1&since=2")).toBe("since");
    for (const since of ["", "-1", "1.5", "1e3", "0x1", "12345678901234567890", "x"])
      expect(fieldOf(`since=${since}`)).toBe("since");
    for (const last of ["x", " 7", "-1", "7\u0000", "12345678901234567890"])
      expect(fieldOf("", last)).toBe("Last-Event-ID");
    expect(fieldOf("admin=1")).toBe("admin");
    expect(fieldOf("admin=true&repo=a")).toBe("admin");
  });
});
