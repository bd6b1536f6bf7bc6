import type { BoundService } from "../grpc/service.ts";
import { blobService } from "./blob/index.ts";
import { commitService } from "./commit/index.ts";
import { diffService } from "./diff/index.ts";
import type { GitalyDoor } from "./door.ts";
import { operationService } from "./operation/index.ts";
import { refService } from "./ref/index.ts";
import { repositoryService } from "./repository/index.ts";
import { serverService } from "./server/index.ts";
import { smartHttpService } from "./smart-http/index.ts";
import { sshService } from "./ssh/index.ts";

/** The core services of the Gitaly protocol. */
export const gitalyServices = (door: GitalyDoor): BoundService[] => [
  blobService(door),
  commitService(door),
  diffService(door),
  operationService(door),
  refService(door),
  repositoryService(door),
  serverService(door),
  smartHttpService(door),
  sshService(door),
];
