/**
 * What graphql-yoga's types need of `@whatwg-node/fetch`. The package's own file brings the types of a browser into the whole program, where
 * they contradict Bun's.
 */
export declare const Response: typeof globalThis.Response;

/** What a server makes requests and answers of. */
export interface FetchApi {
  readonly fetch: typeof globalThis.fetch;
  readonly Request: typeof globalThis.Request;
  readonly Response: typeof globalThis.Response;
  readonly Headers: typeof globalThis.Headers;
  readonly FormData: typeof globalThis.FormData;
  readonly ReadableStream: typeof globalThis.ReadableStream;
  readonly WritableStream: typeof globalThis.WritableStream;
  readonly TransformStream: typeof globalThis.TransformStream;
  readonly Blob: typeof globalThis.Blob;
  readonly File: typeof globalThis.File;
  readonly crypto: typeof globalThis.crypto;
  readonly btoa: typeof globalThis.btoa;
  readonly TextEncoder: typeof globalThis.TextEncoder;
  readonly TextDecoder: typeof globalThis.TextDecoder;
  readonly URL: typeof globalThis.URL;
  readonly URLSearchParams: typeof globalThis.URLSearchParams;
}

export declare const createFetch: (options?: object) => FetchApi;
