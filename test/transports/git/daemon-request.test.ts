import { describe, expect, test } from "bun:test";
import { daemonRequestOf } from "../../../src/transports/git/daemon/daemon-request.ts";

const read = (text: string) => daemonRequestOf(Buffer.from(text, "utf8"));

describe("daemonRequestOf", () => {
  test("reads what git sends in each version", () => {
    expect(read("git-upload-pack /a/b\0host=h:1\0")).toEqual({
      service: "upload-pack",
      path: "/a/b",
      protocol: undefined,
    });
    expect(read("git-upload-pack /a/b\0host=h\0\0version=2\0")).toEqual({
      service: "upload-pack",
      path: "/a/b",
      protocol: "version=2",
    });
    expect(read("git-upload-archive a b\0")).toEqual({ service: "upload-archive", path: "a b", protocol: undefined });
    expect(read("git-upload-pack /a\n")?.path).toBe("/a");
    expect(read("git-upload-pack /a\0\0version=1\0object-format=sha256\0")?.protocol).toBe(
      "version=1:object-format=sha256",
    );
  });

  test("the path is UTF-8", () => {
    expect(read("git-upload-pack /ä\0host=h\0")?.path).toBe("/ä");
  });

  test("what is no request is none", () => {
    for (const text of ["", "\0", "GET / HTTP/1.1\r\n", "git-upload-pack", "git-upload-pack \0", "upload-pack /a\0"])
      expect(read(text)).toBeUndefined();
  });
});
