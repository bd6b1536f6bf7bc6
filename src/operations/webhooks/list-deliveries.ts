import { Maybe, Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { refuseAbsent } from "./refuse-absent.ts";
import { DeliveryItem, deliveryItem, IdField, PlaceFields } from "./webhook-fields.ts";

const DELIVERIES_MAX = 100;

const Input = Type.Object(
  {
    ...PlaceFields,
    id: IdField,
    before: Maybe(Type.Integer({ minimum: 1, description: "Id of a delivery; only older ones" })),
    limit: Maybe(Type.Integer({ minimum: 1, maximum: DELIVERIES_MAX })),
  },
  { additionalProperties: false },
);

/** Lists what has been sent to a hook, or is on its way, the newest first. */
export const listDeliveries = defineOperation({
  name: "listDeliveries",
  summary: "List deliveries of a webhook",
  kind: "read",
  shape: "list",
  access: "admin-of-place",
  target: "path",
  input: Input,
  output: DeliveryItem,
  errors: ["repository_not_found", "webhook_not_found"],
  examples: [{ title: "The newest", input: { id: 1, limit: 10 } }],
  route: { method: "GET", path: "/repos/:repo/hooks/:id/deliveries", alsoAt: "/hooks/:id/deliveries" },
  async *run({ repository, id, before, limit = DELIVERIES_MAX }, ctx) {
    await refuseAbsent(ctx, repository);
    const hook = await ctx.webhooks.find(repository, id);
    const page = { limit, ...(before === undefined ? {} : { before }) };
    yield (await ctx.webhooks.deliveries(hook, page)).map(deliveryItem);
  },
});
