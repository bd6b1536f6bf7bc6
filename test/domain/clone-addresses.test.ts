import { expect, test } from "bun:test";
import { cloneAddresses, publicDoors } from "../../src/domain/clone-addresses.ts";

const DOORS = { http: "http://127.0.0.1:8080", ssh: "127.0.0.1:23231", git: "127.0.0.1:9418" };

test("clone addresses name the doors that are open", () => {
  expect(cloneAddresses("alice/hello", DOORS, false)).toEqual({
    http: "http://127.0.0.1:8080/alice/hello.git",
    ssh: "ssh://127.0.0.1:23231/alice/hello",
    git: "git://127.0.0.1:9418/alice/hello",
  });
  expect(cloneAddresses("alice/hello", { http: DOORS.http }, false)).toEqual({
    http: "http://127.0.0.1:8080/alice/hello.git",
  });
});

test("git:// is no address of a private repository", () => {
  expect(cloneAddresses("alice/hello", DOORS, true)).not.toHaveProperty("git");
});

test("users see the public address", () => {
  expect(publicDoors(DOORS, new URL("https://git.example.com/"))).toEqual({
    http: "https://git.example.com",
    ssh: "git.example.com:23231",
    git: "git.example.com:9418",
  });
  expect(publicDoors(DOORS, undefined)).toEqual(DOORS);
});
