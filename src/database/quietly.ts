/** Waits for something whose failure changes nothing, such as the end of a connection that is broken. */
export async function quietly(promise: Promise<unknown>): Promise<void> {
  await promise.catch(() => undefined);
}
