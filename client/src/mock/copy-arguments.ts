/**
 * Copies what a call was made with: plain objects, arrays, bytes and dates all the way down; functions and signals as they
 * are.
 */
export function copyArguments<T extends readonly unknown[]>(args: T): T {
  return args.map(copy) as unknown as T;
}

function copy(value: unknown): unknown {
  if (value instanceof Uint8Array) return Uint8Array.from(value);
  if (value instanceof Date) return new Date(value);
  if (Array.isArray(value)) return value.map(copy);
  if (!isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, copy(field)]));
}

function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
