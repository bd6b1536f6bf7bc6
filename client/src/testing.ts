// What tests of applications import from @holdfast/client/testing.
export { type ContractCapability, type ContractCheck, type ContractContext } from "./contract/contract-check.ts";
export { gitAdapterContract } from "./contract/git-adapter-contract.ts";
export { type ContractSettings, registerContract, type TestRunner } from "./contract/register-contract.ts";
export { MemoryGitAdapter, type MemoryGitAdapterOptions } from "./memory/memory-git-adapter.ts";
export {
  type MethodArguments,
  type MethodName,
  type MethodResult,
  type MockAnswer,
  type MockCall,
} from "./mock/mock-answers.ts";
export { MockGitAdapter } from "./mock/mock-git-adapter.ts";
export { type GivenCommit, type GivenRepository, type GivenTag } from "./mock/mock-repository.ts";
