import { Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { refuseAbsent } from "./refuse-absent.ts";
import { PlaceFields, WebhookItem, webhookItem } from "./webhook-fields.ts";

/** Lists the hooks of a repository, or of the server. */
export const listWebhooks = defineOperation({
  name: "listWebhooks",
  summary: "List webhooks",
  kind: "read",
  shape: "list",
  access: "admin-of-place",
  target: "path",
  input: Type.Object(PlaceFields, { additionalProperties: false }),
  output: WebhookItem,
  errors: ["repository_not_found"],
  examples: [{ title: "A repository's", input: {} }],
  route: { method: "GET", path: "/repos/:repo/hooks", alsoAt: "/hooks" },
  async *run({ repository }, ctx) {
    await refuseAbsent(ctx, repository);
    yield (await ctx.webhooks.list(repository)).map(webhookItem);
  },
});
