import { Type } from "../../contract/fields.ts";
import { defineOperation } from "../../contract/operation.ts";
import { refuseAbsent } from "./refuse-absent.ts";
import { DeliveryItem, deliveryItem, IdField, PlaceFields } from "./webhook-fields.ts";

const Input = Type.Object(
  { ...PlaceFields, id: IdField, delivery: Type.Integer({ minimum: 1, description: "Id of the delivery" }) },
  { additionalProperties: false },
);

/** Sends to a hook once more what has been sent, or has failed. */
export const redeliverDelivery = defineOperation({
  name: "redeliverDelivery",
  summary: "Deliver again",
  kind: "write",
  shape: "call",
  access: "admin-of-place",
  target: "path",
  input: Input,
  output: DeliveryItem,
  errors: ["repository_not_found", "webhook_not_found", "delivery_not_found"],
  examples: [{ title: "One that failed", input: { id: 1, delivery: 1 } }],
  tool: { openWorld: true },
  route: {
    method: "POST",
    path: "/repos/:repo/hooks/:id/deliveries/:delivery/redeliver",
    alsoAt: "/hooks/:id/deliveries/:delivery/redeliver",
  },
  async run({ repository, id, delivery }, ctx) {
    await refuseAbsent(ctx, repository);
    const hook = await ctx.webhooks.find(repository, id);
    return deliveryItem(await ctx.webhooks.redeliver(hook, delivery));
  },
});
