import { describe, test } from "bun:test";
import { MemoryGitAdapter, registerContract } from "../../src/testing.ts";
import { freshContext } from "../support/fresh-context.ts";

registerContract({ describe, test }, () => freshContext(new MemoryGitAdapter()), { name: "MemoryGitAdapter" });
