import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { git, gitOutput } from "../../../test/support/git-client.ts";
import { type RunningServer, startServer } from "../../../test/support/running-server.ts";
import {
  buildExample,
  type CatalogState,
  type RunningCatalog,
  RUNTIMES,
  settingsFor,
  startCatalog,
} from "./support/running-catalog.ts";

const CREATE = `mutation ($input: NewProduct!) {
  createProduct(input: $input) { product { sku name description priceCents currency stock } commitId attempts }
}`;
const UPDATE = `mutation ($sku: ID!, $input: ProductChange!) {
  updateProduct(sku: $sku, input: $input) { product { sku name priceCents stock } commitId attempts }
}`;
const DELETE = "mutation ($sku: ID!) { deleteProduct(sku: $sku) { commitId product { sku } } }";
const RELEASE = "mutation ($name: String!) { publishRelease(name: $name, message: $name) { name commitId } }";
const PRODUCT = "query ($sku: ID!) { product(sku: $sku) { sku name description priceCents currency stock } }";

const LAMP = { sku: "LAMP-1", name: "Lamp", description: "Shines.", priceCents: 4900, currency: "EUR", stock: 3 };
const chair = (n: number) => ({
  sku: `CHAIR-${n}`,
  name: `Chair ${n}`,
  priceCents: 100 * n,
  currency: "EUR",
  stock: n,
});

/** A server, the example beside it, and a work tree of the example's repository. */
class Shop {
  place!: string;
  readonly name: string;
  server!: RunningServer;
  catalog!: RunningCatalog;
  #env: Record<string, string> = {};

  constructor(name: string) {
    this.name = name;
  }

  async open(command: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<void> {
    this.place = mkdtempSync(join(tmpdir(), "holdfast-shop-"));
    this.#env = { HOLDFAST_ANON_ACCESS: "read-write" };
    this.server = await startServer({ data: join(this.place, "data"), env: this.#env });
    this.catalog = await startCatalog(command, { ...settingsFor(this.server), CATALOG_REPO: this.name, ...env });
  }

  /** Kills the server and starts it again: its data, its ports. */
  async restart(): Promise<void> {
    await this.server.kill();
    const { addresses } = this.server;
    const port = (door: string) => addresses[door]!.split(":").at(-1)!;
    this.server = await startServer({
      data: join(this.place, "data"),
      env: { ...this.#env, HOLDFAST_HTTP_PORT: port("http"), HOLDFAST_GRPC_PORT: port("grpc") },
    });
  }

  get gitDir(): string {
    return join(this.server.storage, `${this.name}.git`);
  }

  get address(): string {
    return `${this.server.addresses["http"]}/git/${this.name}`;
  }

  /** What git reads in the repository. */
  git(...args: string[]): Promise<string> {
    return gitOutput(this.place, ["-C", this.gitDir, ...args]);
  }

  /** A product's file as git reads it. */
  async file(sku: string): Promise<Record<string, unknown>> {
    return JSON.parse(await this.git("show", `main:products/${sku}.json`)) as Record<string, unknown>;
  }

  /** A clone to push from. */
  async clone(): Promise<string> {
    const work = join(this.place, `clone-${crypto.randomUUID()}`);
    await gitOutput(this.place, ["clone", "-q", this.address, work]);
    return work;
  }

  async close(): Promise<void> {
    await this.catalog?.[Symbol.asyncDispose]();
    await this.server?.[Symbol.asyncDispose]();
    rmSync(this.place, { recursive: true, force: true });
  }
}

/** A cache that nothing has told of a change would never get there. */
const TOLD_MAX_MS = 20_000;

/** The first state that fits. */
async function stateWhere(catalog: RunningCatalog, fits: (state: CatalogState) => boolean): Promise<CatalogState> {
  let timer: Timer | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the cache has not followed in ${TOLD_MAX_MS} ms`)), TOLD_MAX_MS);
  });
  const found = (async () => {
    for await (const state of catalog.states()) if (fits(state)) return state;
    throw new Error("no state fits");
  })();
  try {
    return await Promise.race([found, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Commits files in a clone and pushes them; answers the commit. */
async function pushFiles(work: string, files: Readonly<Record<string, string>>): Promise<string> {
  mkdirSync(join(work, "products"), { recursive: true });
  for (const [path, text] of Object.entries(files)) writeFileSync(join(work, path), text);
  await gitOutput(work, ["add", "-A"]);
  await gitOutput(work, ["commit", "-q", "-m", "files"]);
  const pushed = await git(work, ["push", "-q", "origin", "HEAD:main"]);
  if (pushed.code !== 0) throw new Error(pushed.stderr);
  return gitOutput(work, ["rev-parse", "HEAD"]);
}

beforeAll(buildExample);

describe.each(Object.entries(RUNTIMES))("catalog-api on %s", (_, command) => {
  const shop = new Shop("shop/catalog");
  beforeAll(() => shop.open(command));
  afterAll(() => shop.close());

  const settled = (commitId: string) => stateWhere(shop.catalog, (state) => state.commitId === commitId);

  test("makes its repository at the first start, and answers without a product", async () => {
    expect(await shop.git("symbolic-ref", "HEAD")).toBe("refs/heads/main");
    expect<unknown>(await shop.catalog.ask("{ products { sku } catalog { commitId ref productCount } }")).toEqual({
      data: { products: [], catalog: { commitId: null, ref: null, productCount: 0 } },
    });
  });

  test("creates, changes and deletes a product: git sees each commit, the cache follows", async () => {
    const { data: created } = await shop.catalog.ask(CREATE, { input: LAMP });
    expect<unknown>(created).toMatchObject({ createProduct: { product: LAMP, attempts: 1 } });
    expect(await shop.file("LAMP-1")).toEqual(LAMP);
    // The next question sees it: no waiting here.
    expect<unknown>(await shop.catalog.ask(PRODUCT, { sku: "LAMP-1" })).toEqual({ data: { product: LAMP } });

    const { data: updated } = await shop.catalog.ask(UPDATE, { sku: "LAMP-1", input: { priceCents: 3900 } });
    expect<unknown>(updated).toMatchObject({
      updateProduct: { product: { name: "Lamp", priceCents: 3900, stock: 3 } },
    });
    expect<unknown>(await shop.catalog.ask("{ products { sku priceCents } }")).toEqual({
      data: { products: [{ sku: "LAMP-1", priceCents: 3900 }] },
    });

    await shop.catalog.ask(DELETE, { sku: "LAMP-1" });
    expect<unknown>(await shop.catalog.ask(PRODUCT, { sku: "LAMP-1" })).toEqual({ data: { product: null } });
    expect(await shop.git("log", "--format=%s", "main")).toBe("Delete LAMP-1\nUpdate LAMP-1\nCreate LAMP-1");
  });

  test("tells what is wrong with a product", async () => {
    const wrong: [object, string][] = [
      [{ sku: "../evil" }, "sku"],
      [{ name: " " }, "name"],
      [{ priceCents: -1 }, "priceCents"],
      [{ currency: "euro" }, "currency"],
      [{ stock: -5 }, "stock"],
    ];
    const before = await shop.git("rev-parse", "main");
    for (const [field, name] of wrong) {
      const { errors } = await shop.catalog.ask(CREATE, { input: { ...LAMP, sku: "WRONG", ...field } });
      expect(errors?.[0]).toMatchObject({ extensions: { code: "BAD_USER_INPUT", field: name } });
    }
    expect(await shop.git("rev-parse", "main")).toBe(before);
  });

  test("tells what is not there and what is there already", async () => {
    const code = async (query: string, variables: object) => {
      const { errors, data } = await shop.catalog.ask(query, variables);
      expect(data).toBeNull();
      return errors?.[0]?.extensions?.["code"];
    };
    expect(await code(UPDATE, { sku: "NOTHING", input: { name: "x" } })).toBe("NOT_FOUND");
    expect(await code(DELETE, { sku: "NOTHING" })).toBe("NOT_FOUND");
    await shop.catalog.ask(CREATE, { input: { ...LAMP, sku: "TWICE" } });
    expect(await code(CREATE, { input: { ...LAMP, sku: "TWICE" } })).toBe("CONFLICT");
    await shop.catalog.ask(RELEASE, { name: "v0.1" });
    expect(await code(RELEASE, { name: "v0.1" })).toBe("CONFLICT");
    for (const name of ["", "two words", "v1..2", "v1.lock", "refs/tags/v1"]) {
      expect(await code(RELEASE, { name })).toBe("BAD_USER_INPUT");
    }
  });

  test("takes no question that a page of a browser may send unasked, and none without end", async () => {
    const body = JSON.stringify({ query: "{ products { sku } }" });
    const post = async (contentType: string, content: NonNullable<RequestInit["body"]>) => {
      const headers = { "content-type": contentType, origin: "http://evil.example" };
      return fetch(shop.catalog.url, { method: "POST", headers, body: content });
    };
    const asked = await post("application/json; charset=utf-8", body);
    expect(asked.status).toBe(200);
    expect(asked.headers.get("access-control-allow-origin")).toBeNull();
    expect((await post("text/plain", body)).status).toBe(415);
    expect((await post("application/x-www-form-urlencoded", "query={products{sku}}")).status).toBe(415);
    const endless = new ReadableStream<Uint8Array>({
      start: (stream) => stream.enqueue(new TextEncoder().encode(body)),
    });
    expect((await post("application/json", endless)).status).toBe(411);
    expect((await post("application/json", " ".repeat(2 * 1024 * 1024))).status).toBe(413);
  });

  test("publishes a release as an annotated tag", async () => {
    const { data } = await shop.catalog.ask(RELEASE, { name: "v1.0" });
    expect(data!.publishRelease).toEqual({ name: "v1.0", commitId: await shop.git("rev-parse", "main") });
    expect(await shop.git("cat-file", "-t", "v1.0")).toBe("tag");
  });

  test("reloads when somebody pushes, and leaves out what is no product", async () => {
    const work = await shop.clone();
    const pushed = await pushFiles(work, {
      "products/SOFA.json": JSON.stringify({ sku: "SOFA", name: "Sofa", priceCents: 1, currency: "EUR" }),
      "products/BROKEN.json": "{",
      "README.md": "Products",
    });
    const { problems } = await settled(pushed);
    expect(problems).toEqual([{ path: "products/BROKEN.json", message: "products/BROKEN.json is not JSON" }]);
    const { data } = await shop.catalog.ask(PRODUCT, { sku: "SOFA" });
    expect(data!.product).toMatchObject({ name: "Sofa", stock: 0 });
  });

  test("ten writers at once: each reads again until its commit stands", async () => {
    const before = Number(await shop.git("rev-list", "--count", "main"));
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_none, n) => shop.catalog.ask(CREATE, { input: chair(n + 1) })),
    );
    const written = answers.map(({ data, errors }) => {
      expect(errors).toBeUndefined();
      return data!.createProduct;
    });
    expect(new Set(written.map(({ commitId }) => commitId)).size).toBe(10);
    expect(Math.max(...written.map(({ attempts }) => attempts))).toBeGreaterThan(1);
    expect(Number(await shop.git("rev-list", "--count", "main"))).toBe(before + 10);
    for (let n = 1; n <= 10; n++) expect(await shop.file(`CHAIR-${n}`)).toMatchObject(chair(n));
  });

  test("ten writers of one product: no change overwrites another", async () => {
    await shop.catalog.ask(CREATE, { input: { ...LAMP, sku: "SHARED", stock: 0 } });
    const change = (input: object) => shop.catalog.ask(UPDATE, { sku: "SHARED", input });
    const answers = await Promise.all([
      ...Array.from({ length: 8 }, () => change({ stockDelta: 1 })),
      change({ name: "Shared" }),
      change({ priceCents: 1 }),
    ]);
    expect(answers.flatMap(({ errors }) => errors ?? [])).toEqual([]);
    const commits = answers.map(({ data }) => data!.updateProduct.commitId);
    expect(new Set(commits).size).toBe(10);
    expect(await shop.file("SHARED")).toMatchObject({ name: "Shared", priceCents: 1, stock: 8 });
  });

  test("the server is killed in the middle of writes: each is there once, and all goes on", async () => {
    const before = Number(await shop.git("rev-list", "--count", "main"));
    const skus = Array.from({ length: 12 }, (_none, n) => `KILLED-${n}`);
    let answered = 0;
    const half = Promise.withResolvers<void>();
    const writes = skus.map(async (sku) => {
      const answer = await shop.catalog.ask(CREATE, { input: { ...LAMP, sku } });
      if (++answered === 3) half.resolve();
      return answer;
    });
    // The others are at all stages of reading and writing.
    await Promise.race([half.promise, Promise.all(writes)]);
    await shop.restart();
    const answers = await Promise.all(writes);
    expect(answers.flatMap(({ errors }) => errors ?? [])).toEqual([]);
    const subjects = (await shop.git("log", "--format=%s", `-${skus.length}`, "main")).split("\n");
    expect(subjects.toSorted()).toEqual(skus.map((sku) => `Create ${sku}`).toSorted());
    expect(Number(await shop.git("rev-list", "--count", "main"))).toBe(before + skus.length);
    // Each caller was told of the commit that is there.
    for (const [n, { data }] of answers.entries()) {
      const { commitId } = data!.createProduct;
      expect(await shop.git("show", "-s", "--format=%s", commitId)).toBe(`Create ${skus[n]}`);
    }
    const { data } = await shop.catalog.ask(CREATE, { input: { ...LAMP, sku: "AFTER" } });
    await settled(data!.createProduct.commitId);
    expect<unknown>(await shop.catalog.ask(PRODUCT, { sku: "AFTER" })).toMatchObject({
      data: { product: { sku: "AFTER" } },
    });
  });

  test("what is pushed while it hears nothing is there when it hears again", async () => {
    const work = await shop.clone();
    await shop.restart();
    // The cache's connection is gone; it comes back after a second at the earliest.
    const pushed = await pushFiles(work, { "products/MISSED.json": JSON.stringify({ ...LAMP, sku: "MISSED" }) });
    await settled(pushed);
    expect<unknown>(await shop.catalog.ask(PRODUCT, { sku: "MISSED" })).toMatchObject({
      data: { product: { sku: "MISSED" } },
    });
    expect(shop.catalog.log()).toContain("no events");
  });

  test("stops when it is told to", async () => {
    expect(await shop.catalog.stop()).toBe(0);
  });
});

describe("catalog-api that follows releases", () => {
  const shop = new Shop("shop/releases");
  beforeAll(() => shop.open(RUNTIMES.node, { CATALOG_FOLLOW: "tag:v*" }));
  afterAll(() => shop.close());

  test("shows what was released last, and nothing before it is", async () => {
    const create = (sku: string) => shop.catalog.ask(CREATE, { input: { ...LAMP, sku } });
    const skus = async () => (await shop.catalog.ask("{ products { sku } }")).data!.products;
    await create("ONE");
    expect(await skus()).toEqual([]);
    await shop.catalog.ask(RELEASE, { name: "v1.9" });
    expect(await skus()).toEqual([{ sku: "ONE" }]);
    await create("TWO");
    await shop.catalog.ask(RELEASE, { name: "draft" });
    await shop.catalog.ask(RELEASE, { name: "v1.10" });
    expect(await skus()).toEqual([{ sku: "ONE" }, { sku: "TWO" }]);
  });

  test("goes back when a release is taken back", async () => {
    const work = await shop.clone();
    await gitOutput(work, ["push", "-q", "origin", ":refs/tags/v1.10"]);
    await stateWhere(shop.catalog, ({ ref }) => ref === "v1.9");
    expect<unknown>((await shop.catalog.ask("{ products { sku } }")).data).toEqual({ products: [{ sku: "ONE" }] });
  });
});

describe("catalog-api that cannot work", () => {
  const shop = new Shop("shop/refused");
  beforeAll(() => shop.open(RUNTIMES.node));
  afterAll(() => shop.close());

  const refusal = (env: Record<string, string>) =>
    startCatalog(RUNTIMES.node, { ...settingsFor(shop.server), ...env }).then(
      () => "",
      (error: Error) => error.message,
    );

  test("says what is wrong with its settings, all at once", async () => {
    const said = await refusal({ PORT: "-1", CATALOG_REPO: "../x", CATALOG_FOLLOW: "everything" });
    for (const name of ["PORT", "CATALOG_REPO", "CATALOG_FOLLOW"]) expect(said).toContain(name);
  });

  test("says that nobody answers at the server's address", async () => {
    const away = { HOLDFAST_GITALY_ADDRESS: "127.0.0.1:1", CATALOG_PATIENCE_MS: "500" };
    expect(await refusal(away)).toMatch(/catalog-api: .+/);
  });

  test("ends when its token for events is wrong, or its repository is removed", async () => {
    expect(await refusal({ HOLDFAST_TOKEN: "wrong" })).toContain("401");
    rmSync(shop.gitDir, { recursive: true });
    const { exited } = shop.catalog;
    await shop.restart();
    expect(await exited).toBe(1);
    expect(shop.catalog.log()).toContain("not found");
  });
});
