/** What happens in a repository and is told to those who may read it. */
export const REPOSITORY_EVENTS = [
  "repository_created",
  "repository_deleted",
  "repository_renamed",
  "default_branch_changed",
  "push",
  "branch_created",
  "branch_deleted",
  "tag_created",
  "tag_deleted",
  "ref_updated",
] as const;

/** What administration changes; told to administrators alone. */
export const ADMIN_EVENTS = [
  "user_created",
  "user_changed",
  "user_deleted",
  "key_added",
  "key_removed",
  "token_created",
  "token_revoked",
  "collaborator_added",
  "collaborator_removed",
  "repository_changed",
  "protection_changed",
  "setting_changed",
  "webhook_created",
  "webhook_changed",
  "webhook_deleted",
  "mirror_set",
  "mirror_deleted",
] as const;

export type RepositoryEventName = (typeof REPOSITORY_EVENTS)[number];
export type AdminEventName = (typeof ADMIN_EVENTS)[number];

/** Tells a reader that events which it asked for are no longer kept; it is not an event of its own. */
export const EVENTS_EXPIRED = "events_expired";

/** Begins a stream that is watched: its number is that of the event behind which the stream goes on. */
export const EVENTS_BEGIN = "events_begin";
