import { CatalogError } from "./catalog-error.ts";

/** A product as its file `products/<sku>.json` has it. */
export interface Product {
  readonly sku: string;
  readonly name: string;
  readonly description: string;
  /** In the smallest unit of the currency. */
  readonly priceCents: number;
  /** ISO 4217. */
  readonly currency: string;
  readonly stock: number;
}

/** The folder of the products. */
export const PRODUCTS = "products";

const NAME_LENGTH_MAX = 200;
const DESCRIPTION_LENGTH_MAX = 10_000;
const NUMBER_MAX = 2 ** 31 - 1;

/** The path of a product's file. Throws `CatalogError` for a SKU that is none: it becomes the name of a file. */
export function pathOf(sku: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(sku)) {
    throw invalid("sku", 'must be 1 to 64 letters, digits, "_" and "-", and begin with a letter or digit');
  }
  return `${PRODUCTS}/${sku}.json`;
}

/** Checks a product's fields. Throws `CatalogError` that names the first wrong one. */
export function checkProduct(product: Product): Product {
  const { sku, name, description, priceCents, currency, stock } = product;
  pathOf(sku);
  if (name.trim() === "") throw invalid("name", "must not be empty");
  if (name.length > NAME_LENGTH_MAX) throw invalid("name", `must not be longer than ${NAME_LENGTH_MAX} characters`);
  if (description.length > DESCRIPTION_LENGTH_MAX) {
    throw invalid("description", `must not be longer than ${DESCRIPTION_LENGTH_MAX} characters`);
  }
  if (!isCount(priceCents)) throw invalid("priceCents", "must be a whole number, 0 or more");
  if (!/^[A-Z]{3}$/.test(currency)) throw invalid("currency", "must be three capital letters, as EUR");
  if (!isCount(stock)) throw invalid("stock", "must be a whole number, 0 or more");
  return product;
}

/** The text of a product's file: one field a line, always in the same order, so that a diff shows what has changed. */
export function formatProduct({ sku, name, description, priceCents, currency, stock }: Product): string {
  return `${JSON.stringify({ sku, name, description, priceCents, currency, stock }, null, 2)}\n`;
}

/** Reads a product's file. Throws `CatalogError` for one that is none: anybody may push to the repository. */
export function parseProduct(text: string, path: string): Product {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new CatalogError("INVALID_FILE", `${path} is not JSON`);
  }
  const fields = (typeof value === "object" && value !== null ? value : {}) as Readonly<Record<string, unknown>>;
  const textOf = (field: string, otherwise?: string): string => {
    const found = fields[field] ?? otherwise;
    if (typeof found !== "string") throw new CatalogError("INVALID_FILE", `${path}: ${field} is not a text`);
    return found;
  };
  const numberOf = (field: string, otherwise?: number): number => {
    const found = fields[field] ?? otherwise;
    if (typeof found !== "number") throw new CatalogError("INVALID_FILE", `${path}: ${field} is not a number`);
    return found;
  };
  const product = {
    sku: textOf("sku"),
    name: textOf("name"),
    description: textOf("description", ""),
    priceCents: numberOf("priceCents"),
    currency: textOf("currency"),
    stock: numberOf("stock", 0),
  };
  try {
    checkProduct(product);
  } catch (error) {
    throw new CatalogError("INVALID_FILE", `${path}: ${(error as Error).message}`);
  }
  if (pathOf(product.sku) !== path) throw new CatalogError("INVALID_FILE", `${path}: sku is ${product.sku}`);
  return product;
}

const isCount = (value: number): boolean => Number.isInteger(value) && value >= 0 && value <= NUMBER_MAX;

const invalid = (field: string, problem: string): CatalogError =>
  new CatalogError("BAD_USER_INPUT", `${field} ${problem}`, { field });
