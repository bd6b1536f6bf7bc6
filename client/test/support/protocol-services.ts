import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { ServiceDefinition } from "@grpc/grpc-js";
import { BlobService } from "../../src/gitaly/generated/blob_pb.ts";
import { CommitService } from "../../src/gitaly/generated/commit_pb.ts";
import { DiffService } from "../../src/gitaly/generated/diff_pb.ts";
import { OperationService } from "../../src/gitaly/generated/operations_pb.ts";
import { RefService } from "../../src/gitaly/generated/ref_pb.ts";
import { RepositoryService } from "../../src/gitaly/generated/repository_pb.ts";

/** The services that the adapter calls. */
export const PROTOCOL_SERVICES: readonly DescService[] = [
  BlobService,
  CommitService,
  DiffService,
  OperationService,
  RefService,
  RepositoryService,
];

const asItIs = (bytes: Buffer): Buffer => bytes;

/** `/gitaly.RefService/FindBranch`. */
export function pathOf(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}

/** A service of which every method is a stream of bytes both ways: on the wire that is all the same. */
export function rawDefinition(service: DescService): ServiceDefinition {
  return Object.fromEntries(
    service.methods.map((method) => [
      method.name,
      {
        path: pathOf(method),
        requestStream: true,
        responseStream: true,
        requestSerialize: asItIs,
        requestDeserialize: asItIs,
        responseSerialize: asItIs,
        responseDeserialize: asItIs,
      },
    ]),
  );
}
