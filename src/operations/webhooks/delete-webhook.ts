import { Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { refuseAbsent } from "./refuse-absent.ts";
import { IdField, PlaceFields, webhookFacts } from "./webhook-fields.ts";

/** Deletes a hook with its deliveries; what is on its way is not sent any more. */
export const deleteWebhook = defineOperation({
  name: "deleteWebhook",
  summary: "Delete a webhook",
  kind: "write",
  shape: "call",
  access: "admin-of-place",
  target: "path",
  input: Type.Object({ ...PlaceFields, id: IdField }, { additionalProperties: false }),
  output: Type.Object({}),
  errors: ["repository_not_found", "webhook_not_found"],
  examples: [{ title: "A repository's", input: { id: 1 } }],
  route: { method: "DELETE", path: "/repos/:repo/hooks/:id", alsoAt: "/hooks/:id", status: 204 },
  async run({ repository, id }, ctx) {
    await refuseAbsent(ctx, repository);
    const hook = await ctx.webhooks.remove(repository, id);
    await ctx.events.recordAdmin("webhook_deleted", webhookFacts(hook, repository));
    return {};
  },
});
