/** An application's own id of a repository, as `glRepository` wants it: `app-7`. */
export function appRepositoryId(id: string | number): string {
  return `app-${id}`;
}

/** An application's own id of a user, as `glId` wants it: `user-42`. */
export function appUserId(id: string | number): string {
  return `user-${id}`;
}
