/** What a promise rejects with, of the class that is expected; fails the test when it is fulfilled, or is of another class. */
export async function failureOf<E extends Error = Error>(
  promise: Promise<unknown> | undefined,
  kind?: abstract new (...args: never[]) => E,
): Promise<E> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    if (kind !== undefined && !(error instanceof kind))
      throw new Error(`expected ${kind.name}, got ${String(error)}`, { cause: error });
    return error as E;
  }
  throw new Error(`expected a rejection, got ${Bun.inspect(value)}`);
}
