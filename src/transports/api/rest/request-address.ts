/** Path and query of a request. */
export interface RequestAddress {
  readonly pathname: string;
  /** With its question mark; empty when there is none. */
  readonly search: string;
}

/** The address as the client wrote it: segments may hold escaped slashes, and bytes that are not UTF-8. */
export function addressOf({ url }: Request): RequestAddress {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  const end = url.indexOf("#", start);
  const whole = start < 0 ? "/" : url.slice(start, end < 0 ? undefined : end);
  const at = whole.indexOf("?");
  return at < 0 ? { pathname: whole, search: "" } : { pathname: whole.slice(0, at), search: whole.slice(at) };
}

export const pathnameOf = (request: Request): string => addressOf(request).pathname;

/** `/v1/repos/` is `/v1/repos`. */
export const withoutTrailingSlash = (pathname: string): string =>
  pathname.length > 1 && pathname.endsWith("/") ? pathname.slice(0, -1) : pathname;
