import { create, type DescFile, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import * as v1 from "./generated/grpc/reflection/v1/reflection_pb.ts";
import * as v1alpha from "./generated/grpc/reflection/v1alpha/reflection_pb.ts";
import { DescriptorIndex } from "./descriptor-index.ts";
import { EncodedMessage } from "./encoded-message.ts";
import { type BoundService, service } from "./service.ts";
import { StatusCode } from "./status-code.ts";

type Question = v1.ServerReflectionRequest["messageRequest"];
type Answer = MessageInitShape<typeof v1.ServerReflectionResponseSchema>["messageResponse"];

/**
 * Server reflection in its two versions, whose messages have the same bytes, for the given services and for itself: what
 * `grpcurl` and the like need in order to work without .proto files. `otherFiles` are of messages that no method names.
 */
export function reflectionServices(
  services: readonly BoundService[],
  otherFiles: readonly DescFile[] = [],
): BoundService[] {
  let described: Described | undefined;
  const reply = (request: v1.ServerReflectionRequest) => {
    described ??= describe(services, otherFiles);
    return create(v1.ServerReflectionResponseSchema, {
      validHost: request.host,
      originalRequest: request,
      messageResponse: answer(request.messageRequest, described),
    });
  };
  return [
    service(v1.ServerReflection, {
      async *serverReflectionInfo(requests) {
        for await (const request of requests) yield reply(request);
      },
    }),
    service(v1alpha.ServerReflection, {
      async *serverReflectionInfo(requests) {
        for await (const request of requests) {
          const bytes = toBinary(v1alpha.ServerReflectionRequestSchema, request);
          yield EncodedMessage.from(
            v1.ServerReflectionResponseSchema,
            reply(fromBinary(v1.ServerReflectionRequestSchema, bytes)),
          );
        }
      },
    }),
  ];
}

/** What reflection knows; made for the first who asks. */
interface Described {
  readonly index: DescriptorIndex;
  readonly names: readonly string[];
}

function describe(services: readonly BoundService[], otherFiles: readonly DescFile[]): Described {
  const descs = [...services.map((service) => service.describe()), v1.ServerReflection, v1alpha.ServerReflection];
  const index = new DescriptorIndex([...descs.map(({ file }) => file), ...otherFiles]);
  return { index, names: descs.map(({ typeName }) => typeName).toSorted() };
}

function answer(question: Question, { index, names }: Described): NonNullable<Answer> {
  switch (question.case) {
    case "listServices":
      return { case: "listServicesResponse", value: { service: names.map((name) => ({ name })) } };
    case "fileByFilename":
      return fileAnswer(index, index.byName(question.value), question.value);
    case "fileContainingSymbol":
      return fileAnswer(index, index.bySymbol(question.value), question.value);
    case "fileContainingExtension": {
      const { containingType, extensionNumber } = question.value;
      const file = index.byExtension(containingType, extensionNumber);
      return fileAnswer(index, file, `${containingType} extension ${extensionNumber}`);
    }
    case "allExtensionNumbersOfType": {
      const extensionNumber = index.extensionNumbers(question.value);
      if (extensionNumber === undefined) return notFound(question.value);
      return { case: "allExtensionNumbersResponse", value: { baseTypeName: question.value, extensionNumber } };
    }
    case undefined:
      return error(StatusCode.INVALID_ARGUMENT, "the request asks for nothing");
  }
}

function fileAnswer(
  index: DescriptorIndex,
  file: ReturnType<DescriptorIndex["byName"]>,
  name: string,
): NonNullable<Answer> {
  if (file === undefined) return notFound(name);
  return { case: "fileDescriptorResponse", value: { fileDescriptorProto: index.withImports(file) } };
}

function notFound(name: string): NonNullable<Answer> {
  return error(StatusCode.NOT_FOUND, `not found: ${name}`);
}

function error(errorCode: number, errorMessage: string): NonNullable<Answer> {
  return { case: "errorResponse", value: { errorCode, errorMessage } };
}
