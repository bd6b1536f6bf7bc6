/** All items of all batches. */
export async function collect<T>(batches: AsyncIterable<readonly T[] | T>): Promise<T[]> {
  const all: T[] = [];
  for await (const batch of batches) {
    if (Array.isArray(batch)) all.push(...(batch as readonly T[]));
    else all.push(batch as T);
  }
  return all;
}
