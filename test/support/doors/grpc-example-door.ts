import type { ServiceError } from "@grpc/grpc-js";
import type { TSchema } from "@sinclair/typebox";
import type { Operation } from "../../../src/contract/operation.ts";
import { PageOf } from "../../../src/contract/page.ts";
import { CODES } from "../../../src/domain/code.ts";
import { STATUS_OF_CODE } from "../../../src/transports/api/grpc/status-of-code.ts";
import { listenHoldfast } from "../../transports/grpc/holdfast-listener.ts";
import type { DoorAnswer, ExampleDoor } from "../example-door.ts";
import type { ExampleWorld } from "../example-world.ts";
import { failureOfCall, HoldfastClient } from "../holdfast-client.ts";
import { fromMessage, toMessage } from "../protobuf-values.ts";

/** The gRPC door of a world. */
export async function openGrpcExampleDoor(world: ExampleWorld): Promise<ExampleDoor> {
  const listener = await listenHoldfast(world.test.engine, world.test.authenticator);
  const client = new HoldfastClient(listener.port);
  return {
    name: "gRPC",
    offers: (operation) => client.method(methodOf(operation)) !== undefined,
    async run(operation, input, token) {
      const metadata = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const request = toMessage(operation.input, input) as object;
      try {
        if (operation.shape === "download") {
          const pieces: Buffer[] = [];
          for await (const { data } of client.stream(methodOf(operation), request, metadata))
            pieces.push(data as Buffer);
          return { output: Buffer.concat(pieces) };
        }
        const { message } = await client.call(methodOf(operation), request, metadata);
        return { output: outputOf(operation, message) };
      } catch (error) {
        return answerOf(error as ServiceError);
      }
    },
    async close() {
      client.close();
      await listener.close();
      if (listener.bugs.length > 0) throw new AggregateError(listener.bugs, "bugs of the gRPC door");
    },
  };
}

const methodOf = ({ name }: Operation): string => name[0]!.toUpperCase() + name.slice(1);

function outputOf({ shape, output }: Operation, message: Record<string, unknown>): unknown {
  const schema: TSchema = shape === "list" ? PageOf(output, "") : output;
  if (schema.title === undefined) return fromMessage(schema, message);
  // A noun is a field of the response.
  const name = schema.title.replace(/(?!^)[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
  return fromMessage(schema, message[name]);
}

function answerOf(error: ServiceError): DoorAnswer {
  const { code, info, error: told } = failureOfCall(error);
  if (told === undefined) throw error;
  if (info?.reason !== told.reason) throw new Error("the details disagree");
  const name = CODES.find((each) => STATUS_OF_CODE[each] === (code as number));
  return { error: { code: name!, reason: told.reason, details: told.details } };
}
