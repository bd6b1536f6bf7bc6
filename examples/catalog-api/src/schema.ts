import { createSchema, type YogaInitialContext } from "graphql-yoga";
import type { CachedCatalog, CatalogCache } from "./catalog-cache.ts";
import { CatalogError } from "./catalog-error.ts";
import type { CatalogRepository } from "./catalog-repository.ts";
import { asGraphqlError } from "./graphql-errors.ts";
import type { Product } from "./product.ts";

const TYPES = /* GraphQL */ `
  type Product {
    sku: ID!
    name: String!
    description: String!
    "In the smallest unit of the currency."
    priceCents: Int!
    "ISO 4217: EUR, JPY, …"
    currency: String!
    stock: Int!
  }

  "A file of the repository that is no product."
  type Problem {
    path: String!
    message: String!
  }

  "What the answers to products are read from."
  type Catalog {
    "The commit; null while there is none."
    commitId: ID
    "The branch or tag that is followed to it."
    ref: String
    "When it was read (RFC 3339, UTC)."
    loadedAt: String!
    "How often it has changed since this API was started."
    version: Int!
    productCount: Int!
    "Files that were left out."
    problems: [Problem!]!
  }

  type Query {
    "By SKU, those behind one; at most 1000."
    products(first: Int! = 100, after: ID): [Product!]!
    "Null when there is none."
    product(sku: ID!): Product
    catalog: Catalog!
  }

  input NewProduct {
    sku: ID!
    name: String!
    description: String! = ""
    priceCents: Int!
    currency: String!
    stock: Int! = 0
  }

  "Fields that are left out stay as they are."
  input ProductChange {
    name: String
    description: String
    priceCents: Int
    currency: String
    stock: Int
    "Added to the stock as it is when the change is made; not together with stock."
    stockDelta: Int
  }

  "A change that is in the repository. Where a branch is followed, the next query answers by it."
  type ProductWritten {
    "Null when it was deleted."
    product: Product
    commitId: ID!
    "How often the branch was read: more than once when others wrote at the same time."
    attempts: Int!
  }

  type Release {
    name: String!
    commitId: ID!
  }

  type Mutation {
    createProduct(input: NewProduct!): ProductWritten!
    updateProduct(sku: ID!, input: ProductChange!): ProductWritten!
    deleteProduct(sku: ID!): ProductWritten!
    "Tags the branch as it is now."
    publishRelease(name: String!, message: String!): Release!
  }

  type Subscription {
    "Tells the state of the cache, and each new one as it is there."
    catalogChanged: Catalog!
  }
`;

const PRODUCTS_MAX = 1_000;

/** What is given by `ProductChange`; GraphQL has checked the types. */
type ProductChange = { readonly [Field in keyof Omit<Product, "sku">]?: Product[Field] | null } & {
  readonly stockDelta?: number | null;
};

/** The API: queries answer from the cache, mutations write to the repository. */
export function catalogSchema(cache: CatalogCache, repository: CatalogRepository) {
  /** Answers once the cache has followed, or tells the caller what went wrong. */
  const written = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      const result = await work();
      await cache.caughtUp();
      return result;
    } catch (error) {
      throw asGraphqlError(error);
    }
  };
  return createSchema<YogaInitialContext>({
    typeDefs: TYPES,
    resolvers: {
      Query: {
        products: (_: unknown, { first, after }: { first: number; after?: string | null }) =>
          page(cache.current, first, after ?? ""),
        product: (_: unknown, { sku }: { sku: string }) => cache.current.products.get(sku) ?? null,
        catalog: () => cache.current,
      },
      Catalog: {
        commitId: ({ commitId }: CachedCatalog) => (commitId === "" ? null : commitId),
        ref: ({ name }: CachedCatalog) => name,
        loadedAt: ({ loadedAt }: CachedCatalog) => loadedAt.toISOString(),
        productCount: ({ products }: CachedCatalog) => products.size,
      },
      Mutation: {
        createProduct: (_: unknown, { input }: { input: Product }) => written(() => repository.create({ ...input })),
        updateProduct: (_: unknown, { sku, input }: { sku: string; input: ProductChange }) =>
          written(() => repository.update(sku, (current) => changed(current, input))),
        deleteProduct: (_: unknown, { sku }: { sku: string }) => written(() => repository.delete(sku)),
        publishRelease: (_: unknown, { name, message }: { name: string; message: string }) =>
          written(async () => {
            const { targetCommit } = await repository.publishRelease(name, message);
            return { name, commitId: targetCommit?.id };
          }),
      },
      Subscription: {
        catalogChanged: {
          subscribe: (_: unknown, __: unknown, { request }: YogaInitialContext) => states(cache, request.signal),
        },
      },
    },
  });
}

async function* states(cache: CatalogCache, signal: AbortSignal): AsyncGenerator<{ catalogChanged: CachedCatalog }> {
  for await (const catalogChanged of cache.states(signal)) yield { catalogChanged };
}

function page({ products }: CachedCatalog, first: number, after: string): Product[] {
  if (first < 0 || first > PRODUCTS_MAX) {
    throw asGraphqlError(new CatalogError("BAD_USER_INPUT", `first must be 0 to ${PRODUCTS_MAX}`, { field: "first" }));
  }
  const skus = [...products.keys()].filter((sku) => sku > after).sort();
  return skus.slice(0, first).map((sku) => products.get(sku)!);
}

function changed(current: Product, { stockDelta, ...fields }: ProductChange): Product {
  if (stockDelta != null && fields.stock != null) {
    throw new CatalogError("BAD_USER_INPUT", "give either stock or stockDelta", { field: "stockDelta" });
  }
  const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value != null));
  const next = { ...current, ...given };
  return { ...next, stock: next.stock + (stockDelta ?? 0) };
}
