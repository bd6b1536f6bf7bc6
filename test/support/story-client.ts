import type { DescMessage, DescMethod, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import {
  OperationService,
  UserCommitFilesActionHeader_ActionType as ActionType,
} from "../../src/transports/api/gitaly/generated/operations_pb.ts";
import { RepositoryService } from "../../src/transports/api/gitaly/generated/repository_pb.ts";
import { TestClient } from "../transports/grpc/grpc-client.ts";
import type { RunningServer } from "./running-server.ts";

export const USER = {
  glId: "user-1",
  glUsername: "janedoe",
  name: Buffer.from("Jane Doe"),
  email: Buffer.from("jane@example.com"),
};

export interface StoryRepository {
  readonly storageName: string;
  readonly relativePath: string;
}

type Method = Pick<DescMethod, "input" | "output" | "methodKind"> & { readonly input: DescMessage };

/** A Gitaly client that tells stories: the few calls they begin with have a name of their own. */
export class StoryClient {
  readonly #client: TestClient;

  constructor(port: number) {
    this.#client = new TestClient(port);
  }

  unary<M extends Method>(method: M, request: MessageInitShape<M["input"]>): Promise<MessageShape<M["output"]>> {
    return this.#client.unary(method, request);
  }

  /** All messages of a stream. */
  async stream<M extends Method>(
    method: M,
    request: MessageInitShape<M["input"]>,
  ): Promise<MessageShape<M["output"]>[]> {
    return Array.fromAsync(this.#client.serverStream(method, request) as AsyncIterable<MessageShape<M["output"]>>);
  }

  async createRepository(name: string): Promise<StoryRepository> {
    const repository = { storageName: "default", relativePath: `${name}.git` };
    await this.unary(RepositoryService.method.createRepository, { repository });
    return repository;
  }

  /** Commits files and answers the commit's id. */
  async commit(
    repository: StoryRepository,
    branch: string,
    files: Readonly<Record<string, string>>,
    startBranch = "",
  ): Promise<string> {
    const header = {
      repository,
      user: USER,
      branchName: Buffer.from(branch),
      startBranchName: Buffer.from(startBranch),
      commitMessage: Buffer.from("change\n"),
    };
    const requests: MessageInitShape<typeof OperationService.method.userCommitFiles.input>[] = [
      { userCommitFilesRequestPayload: { case: "header", value: header } },
    ];
    for (const [path, content] of Object.entries(files)) {
      requests.push(
        action({ case: "header", value: { action: ActionType.CREATE, filePath: Buffer.from(path) } }),
        action({ case: "content", value: Buffer.from(content) }),
      );
    }
    const { call, response } = this.#client.clientStream(OperationService.method.userCommitFiles);
    for (const request of requests) call.write(request);
    call.end();
    return (await response).branchUpdate?.commitId ?? "";
  }

  close(): void {
    this.#client.close();
  }
}

type Payload =
  | { readonly case: "header"; readonly value: { readonly action: ActionType; readonly filePath: Uint8Array } }
  | { readonly case: "content"; readonly value: Uint8Array };

function action(userCommitFilesActionPayload: Payload) {
  return { userCommitFilesRequestPayload: { case: "action" as const, value: { userCommitFilesActionPayload } } };
}

/** A client of a server's Gitaly door. */
export function storyClient(server: RunningServer): StoryClient {
  return new StoryClient(Number(server.addresses["grpc"]!.split(":")[1]));
}
