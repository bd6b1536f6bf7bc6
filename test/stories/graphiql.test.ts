// GraphiQL in a browser: the page opens without the internet, knows the schema, and runs queries as whoever the headers say.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Browser, chromium } from "playwright-core";
import { type RunningServer, startServer } from "../support/running-server.ts";

const TOKEN = "token-of-the-browser";
const PATIENCE_MS = 60_000;
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

let server: RunningServer;
let browser: Browser;

beforeAll(async () => {
  server = await startServer({ env: { HOLDFAST_ADMIN_TOKEN: TOKEN } });
  browser = await chromium.launch({ executablePath: process.env["TEST_CHROMIUM"] ?? "/usr/bin/chromium", args: FLAGS });
}, PATIENCE_MS);
afterAll(async () => {
  await browser.close();
  await server[Symbol.asyncDispose]();
});

test(
  "GraphiQL answers a query",
  async () => {
    const address = `${server.addresses["http"]}/graphql`;
    const context = await browser.newContext({ extraHTTPHeaders: { authorization: `Bearer ${TOKEN}` } });
    const page = await context.newPage();
    const problems: string[] = [];
    const elsewhere: string[] = [];
    page.on("pageerror", (error) => problems.push(String(error)));
    page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(address) && !/^(blob|data):/.test(url)) elsewhere.push(url);
    });
    await page.goto(address);
    const answered = page.waitForResponse(
      (response) =>
        response.request().method() === "POST" && response.request().postData()?.includes("version") === true,
    );
    await page.getByRole("button", { name: /execute/i }).click();
    expect((await answered).status()).toBe(200);
    await page
      .getByText(/^"\d+\.\d+\.\d+"$/)
      .first()
      .waitFor();
    expect(problems).toEqual([]);
    expect(elsewhere).toEqual([]);
    await context.close();
  },
  PATIENCE_MS,
);

test("the page is whole, keeps to itself, and stands in no frame", async () => {
  const response = await fetch(`${server.addresses["http"]}/graphql`, { headers: { accept: "text/html" } });
  expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
  const policy = response.headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain("unsafe-eval");
  const plain = await fetch(`${server.addresses["http"]}/graphql`, {
    headers: { accept: "text/html", "accept-encoding": "identity" },
  });
  expect(await plain.text()).toBe(await response.text());
});
