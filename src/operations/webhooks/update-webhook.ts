import { Maybe, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { refuseAbsent } from "./refuse-absent.ts";
import { EventNamesField, IdField, PlaceFields, webhookFacts, WebhookItem, webhookItem } from "./webhook-fields.ts";

const Input = Type.Object(
  {
    ...PlaceFields,
    id: IdField,
    url: Maybe(Type.String({ description: "Where events are posted" })),
    events: Maybe(EventNamesField),
    secret: Maybe(Type.String({ description: "Key of the signatures; empty: deliveries are not signed any more" })),
    active: Maybe(Type.Boolean({ description: "While it is not, what was on its way waits" })),
  },
  { additionalProperties: false },
);

/** Changes a hook; what is not named stays. */
export const updateWebhook = defineOperation({
  name: "updateWebhook",
  summary: "Change a webhook",
  kind: "write",
  shape: "call",
  access: "admin-of-place",
  target: "path",
  input: Input,
  output: WebhookItem,
  errors: ["repository_not_found", "webhook_not_found", "invalid_input"],
  examples: [{ title: "Off", input: { id: 1, active: false } }],
  tool: { openWorld: true },
  route: { method: "PATCH", path: "/repos/:repo/hooks/:id", alsoAt: "/hooks/:id" },
  async run({ repository, id, ...change }, ctx) {
    await refuseAbsent(ctx, repository);
    const hook = await ctx.webhooks.update(repository, id, change);
    await ctx.events.recordAdmin("webhook_changed", webhookFacts(hook, repository));
    return webhookItem(hook);
  },
});
