/** Bytes of one request for references or a pack: some 200,000 wants. As much as git http-backend takes (`http.maxRequestBuffer`). */
export const REQUEST_BYTES_MAX = 10 * 1024 * 1024;
/** Lines of one request. */
export const REQUEST_LINES_MAX = 400_000;
/** Bytes that a client says in all rounds of one conversation in version 0, where it sends what it has until it is told enough. */
export const CONVERSATION_BYTES_MAX = 256 * 1024 * 1024;
/** Longest specification of a filter, and how deep `combine:` may nest. */
export const FILTER_BYTES_MAX = 16 * 1024;
export const FILTER_DEPTH_MAX = 16;
