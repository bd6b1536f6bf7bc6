import { type GitAdapter, type GitRepo, type GitTreeEntry, NotFoundError } from "@holdfast/client";
import { CatalogError } from "./catalog-error.ts";
import { parseProduct, PRODUCTS, type Product } from "./product.ts";

/** A file that is no product, and why. */
export interface Problem {
  readonly path: string;
  readonly message: string;
}

/** What one file turned out to be. */
export type ReadFile = { readonly product: Product } | { readonly problem: Problem };

/** The products of one commit. */
export interface Catalog {
  readonly commitId: string;
  /** By SKU. */
  readonly products: ReadonlyMap<string, Product>;
  readonly problems: readonly Problem[];
  /** Files by the id of their content and their path: those that did not change are not read again. */
  readonly files: ReadonlyMap<string, ReadFile>;
}

/** Files that are read at once. */
const READS_MAX = 16;

/** Reads the products of a commit; of files that an earlier catalog has, only their names. */
export async function readCatalog(
  git: GitAdapter,
  repo: GitRepo,
  commitId: string,
  earlier: ReadonlyMap<string, ReadFile>,
): Promise<Catalog> {
  const entries = (await listProducts(git, repo, commitId)).filter(
    ({ type, path }) => type === "blob" && path.endsWith(".json"),
  );
  const files = new Map<string, ReadFile>();
  const waiting = entries.values();
  const read = async (): Promise<void> => {
    for (const { oid, path } of waiting) {
      const key = `${oid} ${path}`;
      files.set(key, earlier.get(key) ?? readProduct(await git.getBlob(repo, { revision: commitId, path }), path));
    }
  };
  await Promise.all(Array.from({ length: READS_MAX }, read));
  const found = entries.map(({ oid, path }) => files.get(`${oid} ${path}`)!);
  return {
    commitId,
    products: new Map(found.flatMap((file) => ("product" in file ? [[file.product.sku, file.product] as const] : []))),
    problems: found.flatMap((file) => ("problem" in file ? [file.problem] : [])),
    files,
  };
}

async function listProducts(git: GitAdapter, repo: GitRepo, revision: string): Promise<GitTreeEntry[]> {
  try {
    return await git.getTreeEntries(repo, { revision, path: PRODUCTS });
  } catch (error) {
    // A catalog without products has no folder for them.
    if (error instanceof NotFoundError) return [];
    throw error;
  }
}

/** Whoever may push may push anything: a file that is no product takes no other product with it. */
function readProduct(bytes: Uint8Array, path: string): ReadFile {
  try {
    return { product: parseProduct(new TextDecoder().decode(bytes), path) };
  } catch (error) {
    if (error instanceof CatalogError) return { problem: { path, message: error.message } };
    throw error;
  }
}
