import { Maybe, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { refuseAbsent } from "./refuse-absent.ts";
import { EventNamesField, PlaceFields, webhookFacts, WebhookItem, webhookItem } from "./webhook-fields.ts";

const Input = Type.Object(
  {
    ...PlaceFields,
    url: Type.String({ description: "Where events are posted" }),
    events: Maybe(EventNamesField),
    secret: Maybe(Type.String({ description: "Key of the signatures; without one deliveries are not signed" })),
    active: Maybe(Type.Boolean()),
  },
  { additionalProperties: false },
);

/** Makes a hook: an address that is told of what happens from now on. */
export const createWebhook = defineOperation({
  name: "createWebhook",
  summary: "Create a webhook",
  kind: "write",
  shape: "call",
  access: "admin-of-place",
  target: "path",
  input: Input,
  output: WebhookItem,
  errors: ["repository_not_found", "invalid_input", "limit_exceeded"],
  examples: [{ title: "Of a repository", input: { url: "https://ci.example.com/hook", events: ["push"] } }],
  tool: { openWorld: true },
  route: { method: "POST", path: "/repos/:repo/hooks", alsoAt: "/hooks", status: 201 },
  async run({ repository, url, events = [], secret = "", active = true }, ctx) {
    await refuseAbsent(ctx, repository);
    const place = repository === undefined ? {} : { repository };
    const hook = await ctx.webhooks.create({ ...place, url, events, secret, active });
    await ctx.events.recordAdmin("webhook_created", webhookFacts(hook, repository));
    return webhookItem(hook);
  },
});
