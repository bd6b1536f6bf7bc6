import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { once } from "node:events";
import { fromBinary } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import * as grpc from "@grpc/grpc-js";
import {
  Health,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from "../../../src/transports/api/grpc/generated/grpc/health/v1/health_pb.ts";
import * as v1 from "../../../src/transports/api/grpc/generated/grpc/reflection/v1/reflection_pb.ts";
import * as v1alpha from "../../../src/transports/api/grpc/generated/grpc/reflection/v1alpha/reflection_pb.ts";
import { RefService } from "../../../src/transports/api/gitaly/generated/ref_pb.ts";
import { callAuthoriser } from "../../../src/transports/api/grpc/authorise-call.ts";
import { HealthReporter } from "../../../src/transports/api/grpc/health-service.ts";
import { reflectionServices } from "../../../src/transports/api/grpc/reflection-service.ts";
import { type GrpcServer, startGrpcServer } from "../../../src/transports/api/grpc/server.ts";
import { service } from "../../../src/transports/api/grpc/service.ts";
import { collect, failure, TestClient } from "./grpc-client.ts";

let health: HealthReporter;
let server: GrpcServer;
let client: TestClient;

beforeAll(async () => {
  health = new HealthReporter([RefService.typeName]);
  const services = [service(RefService, {}), health.service()];
  server = await startGrpcServer({
    host: "127.0.0.1",
    port: 0,
    services: [...services, ...reflectionServices(services)],
  });
  client = new TestClient(server.port);
});
afterAll(async () => {
  client.close();
  await server.close(1000);
});

describe("grpc.health.v1.Health", () => {
  test("Check: the server, a service, an unknown one", async () => {
    for (const name of ["", "gitaly.RefService", "grpc.health.v1.Health"]) {
      expect((await client.unary(Health.method.check, { service: name })).status).toBe(ServingStatus.SERVING);
    }
    expect(await failure(client.unary(Health.method.check, { service: "x" }))).toMatchObject({
      code: grpc.status.NOT_FOUND,
      details: "unknown service",
    });
  });

  test("Watch tells the state and its changes, and ends when the server shuts down", async () => {
    const watch = client.serverStream(Health.method.watch, {});
    watch.on("error", () => {});
    const next = async () => ((await once(watch, "data")) as [{ status: ServingStatus }])[0].status;
    expect(await next()).toBe(ServingStatus.SERVING);
    health.setServing(false);
    expect(await next()).toBe(ServingStatus.NOT_SERVING);
    expect((await client.unary(Health.method.check, {})).status).toBe(ServingStatus.NOT_SERVING);
    health.setServing(true);
    expect(await next()).toBe(ServingStatus.SERVING);
    const unknown = client.serverStream(Health.method.watch, { service: "x" });
    unknown.on("error", () => {});
    expect(((await once(unknown, "data")) as [{ status: ServingStatus }])[0].status).toBe(
      ServingStatus.SERVICE_UNKNOWN,
    );
    const ended = [watch, unknown].map(
      (stream) => new Promise<grpc.StatusObject>((resolve) => stream.on("status", resolve)),
    );
    health.shutDown();
    for (const status of await Promise.all(ended)) expect(status.code).toBe(grpc.status.UNAVAILABLE);
  });
});

type Question = v1.ServerReflectionRequest["messageRequest"];

async function ask(...questions: Question[]): Promise<v1.ServerReflectionResponse["messageResponse"][]> {
  const call = client.duplex(v1.ServerReflection.method.serverReflectionInfo);
  for (const messageRequest of questions) call.write({ messageRequest });
  call.end();
  return (await collect(call)).map((response) => response.messageResponse);
}

function files(response: v1.ServerReflectionResponse["messageResponse"] | undefined): FileDescriptorProto[] {
  if (response?.case !== "fileDescriptorResponse") throw new Error(`no files: ${JSON.stringify(response)}`);
  return response.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
}

describe("grpc.reflection", () => {
  test("lists the services, in both versions", async () => {
    const names = [
      "gitaly.RefService",
      "grpc.health.v1.Health",
      "grpc.reflection.v1.ServerReflection",
      "grpc.reflection.v1alpha.ServerReflection",
    ];
    const [list] = await ask({ case: "listServices", value: "*" });
    expect(list?.case === "listServicesResponse" && list.value.service.map((each) => each.name)).toEqual(names);
    const call = client.duplex(v1alpha.ServerReflection.method.serverReflectionInfo);
    call.end({ messageRequest: { case: "listServices", value: "*" } });
    const [old] = await collect<v1alpha.ServerReflectionResponse>(call);
    const response = old?.messageResponse;
    expect(response?.case === "listServicesResponse" && response.value.service.map((each) => each.name)).toEqual(names);
  });

  test("finds the file of a symbol, with all that it imports", async () => {
    const symbols = [
      "gitaly.RefService",
      "gitaly.RefService.FindBranch",
      "gitaly.FindBranchRequest",
      "gitaly.FindBranchRequest.name",
      "gitaly.FindAllTagsRequest.SortBy.Key",
      "gitaly.FindAllTagsRequest.SortBy.REFNAME",
    ];
    for (const response of await ask(...symbols.map((value) => ({ case: "fileContainingSymbol" as const, value })))) {
      const found = files(response);
      expect(found[0]?.name).toBe("ref.proto");
      const names = new Set(found.map((file) => file.name));
      for (const file of found) for (const dependency of file.dependency) expect(names).toContain(dependency);
    }
  });

  test("finds files by name and by extension, and extension numbers", async () => {
    const [byName, byExtension, numbers] = await ask(
      { case: "fileByFilename", value: "shared.proto" },
      {
        case: "fileContainingExtension",
        value: {
          $typeName: "grpc.reflection.v1.ExtensionRequest",
          containingType: "google.protobuf.MethodOptions",
          extensionNumber: 82303,
        },
      },
      { case: "allExtensionNumbersOfType", value: "google.protobuf.FieldOptions" },
    );
    expect(files(byName)[0]?.name).toBe("shared.proto");
    expect(files(byExtension)[0]?.name).toBe("lint.proto");
    expect(numbers?.case === "allExtensionNumbersResponse" && numbers.value.extensionNumber).toEqual([
      91233, 91234, 91235, 91236,
    ]);
  });

  test("what is not there is an error answer, and the stream goes on", async () => {
    const answers = await ask(
      { case: "fileContainingSymbol", value: "x.Y" },
      { case: "fileByFilename", value: "x.proto" },
      { case: "allExtensionNumbersOfType", value: "x.Y" },
      { case: undefined },
      { case: "listServices", value: "" },
    );
    expect(answers.map((answer) => (answer.case === "errorResponse" ? answer.value.errorCode : answer.case))).toEqual([
      5,
      5,
      5,
      3,
      "listServicesResponse",
    ]);
  });
});

describe("authorise", () => {
  test("health and reflection ask for credentials too", async () => {
    const services = [new HealthReporter([]).service()];
    const guarded = await startGrpcServer({
      host: "127.0.0.1",
      port: 0,
      services: [...services, ...reflectionServices(services)],
      authorise: callAuthoriser({ current: "s" }, Date.now),
    });
    const guest = new TestClient(guarded.port);
    const refused = { code: grpc.status.UNAUTHENTICATED, details: "authentication required" };
    expect(await failure(guest.unary(Health.method.check, {}))).toMatchObject(refused);
    const reflection = guest.duplex(v1.ServerReflection.method.serverReflectionInfo);
    reflection.write({ messageRequest: { case: "listServices", value: "*" } });
    expect(await failure(collect(reflection))).toMatchObject(refused);
    const metadata = new grpc.Metadata();
    metadata.set("authorization", "Bearer s");
    await guest.unary(Health.method.check, {}, {}, metadata);
    guest.close();
    await guarded.close(1000);
  });
});
