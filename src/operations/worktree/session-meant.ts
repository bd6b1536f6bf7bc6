import type { Context } from "../../contract/context.ts";

/** The session that is meant: the one that is named, else the caller's default one, which is made when first needed. */
export async function sessionMeant<I extends { readonly session?: string }>(
  input: I,
  { repository, sessions }: Pick<Context, "repository" | "sessions">,
): Promise<I & { readonly session: string }> {
  const { session = await sessions.reading(repository, undefined, ({ info }) => Promise.resolve(info.id)) } = input;
  return { ...input, session };
}
