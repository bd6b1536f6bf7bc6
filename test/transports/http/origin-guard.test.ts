import { describe, expect, test } from "bun:test";
import { originGuard } from "../../../src/transports/http/origin-guard.ts";

describe("originGuard", () => {
  const check = originGuard(["https://app.example.org"], new URL("https://git.example.org/base"));
  const here = new URL("http://127.0.0.1:8080/x");

  test("requests of no page, of our own pages, and of listed ones pass", () => {
    expect(check(null, here)).toBe("ours");
    expect(check("http://127.0.0.1:8080", here)).toBe("ours");
    expect(check("https://git.example.org", here)).toBe("ours");
    expect(check("https://app.example.org", here)).toBe("listed");
  });

  test("all others are refused", () => {
    const foreign = [
      "http://127.0.0.1:8081",
      "https://127.0.0.1:8080",
      "http://app.example.org",
      "https://app.example.org.evil.example",
      "https://git.example.org:444",
      "null",
      "",
      "*",
    ];
    for (const origin of foreign) expect(() => check(origin, here)).toThrow("web pages of this origin");
  });
});
