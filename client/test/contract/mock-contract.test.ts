import { describe, test } from "bun:test";
import { MockGitAdapter, registerContract } from "../../src/testing.ts";
import { freshContext } from "../support/fresh-context.ts";

registerContract({ describe, test }, () => freshContext(new MockGitAdapter()), {
  name: "MockGitAdapter",
  without: ["changes", "sha256", "large"],
});
