import { Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { refuseAbsent } from "./refuse-absent.ts";
import { IdField, PlaceFields, WebhookItem, webhookItem } from "./webhook-fields.ts";

/** Shows a hook; its secret is shown to nobody. */
export const showWebhook = defineOperation({
  name: "showWebhook",
  summary: "Show a webhook",
  kind: "read",
  shape: "call",
  access: "admin-of-place",
  target: "path",
  input: Type.Object({ ...PlaceFields, id: IdField }, { additionalProperties: false }),
  output: WebhookItem,
  errors: ["repository_not_found", "webhook_not_found"],
  examples: [{ title: "A repository's", input: { id: 1 } }],
  route: { method: "GET", path: "/repos/:repo/hooks/:id", alsoAt: "/hooks/:id" },
  async run({ repository, id }, ctx) {
    await refuseAbsent(ctx, repository);
    return webhookItem(await ctx.webhooks.find(repository, id));
  },
});
