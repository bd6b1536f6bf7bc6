// What tests of applications import from @holdfast/client/testing.
export { MemoryGitAdapter, type MemoryGitAdapterOptions } from "./memory/memory-git-adapter.ts";
