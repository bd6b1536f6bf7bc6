const UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/** Milliseconds of a `grpc-timeout` header: at most 8 digits and a unit (gRPC over HTTP/2, Timeout). Undefined when malformed. */
export function parseTimeoutMs(header: string): number | undefined {
  const unitMs = UNIT_MS[header.at(-1) ?? ""];
  const digits = header.slice(0, -1);
  if (unitMs === undefined || !/^\d{1,8}$/.test(digits)) return undefined;
  return Number(digits) * unitMs;
}
