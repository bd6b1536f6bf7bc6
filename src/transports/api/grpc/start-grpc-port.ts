import type { DescFile } from "@bufbuild/protobuf";
import { HealthReporter } from "./health-service.ts";
import { reflectionServices } from "./reflection-service.ts";
import { type GrpcServer, type GrpcServerOptions, startGrpcServer } from "./server.ts";
import type { BoundMethod, BoundService } from "./service.ts";

export interface GrpcPortOptions extends GrpcServerOptions {
  /** Files of messages that no method names, such as those in the details of errors: reflection tells them too. */
  readonly otherFiles: readonly DescFile[];
  /** Who may ask gRPC's own services, where that is not the server's own check. */
  readonly admitToOwn?: BoundMethod["admit"];
}

/** Opens the gRPC port: the services of its doors, and health and reflection over all of them. */
export async function startGrpcPort({ otherFiles, admitToOwn, ...options }: GrpcPortOptions): Promise<GrpcServer> {
  const health = new HealthReporter(options.services.map(({ typeName }) => typeName));
  const healthService = health.service();
  const described = [...options.services, healthService];
  const own = [healthService, ...reflectionServices(described, otherFiles)];
  const server = await startGrpcServer({
    ...options,
    services: [
      ...options.services,
      ...(admitToOwn === undefined ? own : own.map((each) => admitting(each, admitToOwn))),
    ],
  });
  return {
    host: server.host,
    port: server.port,
    useCertificate: (tls) => server.useCertificate(tls),
    close(timeoutMs) {
      health.shutDown();
      return server.close(timeoutMs);
    },
  };
}

const admitting = (service: BoundService, admit: NonNullable<BoundMethod["admit"]>): BoundService => ({
  ...service,
  methods: service.methods.map((method) => ({ ...method, admit })),
});
