import type { Repository } from "../generated/shared_pb.ts";
import { repositoryArgument } from "../repository-argument.ts";

/** The input of uploadPack and receivePack, for a conversation whose both sides stay. */
export function statefulInput(request: {
  readonly repository?: Repository | undefined;
  readonly gitProtocol: string;
  readonly gitConfigOptions: readonly string[];
}) {
  const { gitProtocol, gitConfigOptions } = request;
  return {
    repository: repositoryArgument(request.repository),
    mode: "stateful" as const,
    ...(gitProtocol === "" ? {} : { protocol: gitProtocol }),
    ...(gitConfigOptions.length === 0 ? {} : { configOptions: [...gitConfigOptions] }),
  };
}
