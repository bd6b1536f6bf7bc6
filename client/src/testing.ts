// What tests of applications import from @holdfast/client/testing.
export { type ContractCapability, type ContractCheck, type ContractContext } from "./contract/contract-check.ts";
export { gitAdapterContract } from "./contract/git-adapter-contract.ts";
export { type ContractSettings, registerContract, type TestRunner } from "./contract/register-contract.ts";
export { MemoryGitAdapter, type MemoryGitAdapterOptions } from "./memory/memory-git-adapter.ts";
