import { shown, type Text } from "../text.ts";

/** A session as operations answer it. */
export interface Session {
  readonly id: string;
  readonly branch: Text;
  readonly base: string | null;
  readonly head: string | null;
  readonly state: string;
  readonly isDefault: boolean;
  readonly checkout: string;
  readonly pushes: boolean;
  readonly isDirty: boolean;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly commitDueAt: string | null;
  readonly problem: string | null;
}

/** A session as `--json` prints it: as the REST API does. */
export const sessionData = (session: Session) => ({
  id: session.id,
  branch: session.branch,
  base: session.base,
  head: session.head,
  state: session.state,
  default: session.isDefault,
  checkout: session.checkout,
  push: session.pushes,
  dirty: session.isDirty,
  created_at: session.createdAt,
  expires_at: session.expiresAt,
  commit_due_at: session.commitDueAt,
  problem: session.problem,
});

/** A session in one line. */
export const sessionLine = ({ id, branch, state, isDirty, problem }: Session): string =>
  [id, shown(branch), problem ?? (state === "gone" ? "gone" : isDirty ? "changed" : "clean")].join("\t");
