// The reference: what an application would write with @grpc/grpc-js and @grpc/proto-loader alone, without anything round it.
import { fileURLToPath } from "node:url";
import { credentials, loadPackageDefinition } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

const PROTO = fileURLToPath(new URL("../../proto", import.meta.url));

/**
 * The same calls as those of the adapter: the same messages to the server, its answers put together, no more. With
 * `keep: false` what streams bring is dropped as it comes: the least that a reader can do.
 */
export function bareClient(address, { keep = true } = {}) {
  const files = ["commit.proto", "operations.proto", "diff.proto"];
  const definition = loadPackageDefinition(loadSync(files, { includeDirs: [PROTO], longs: Number }));
  const { CommitService, OperationService, DiffService } = definition.gitaly;
  const options = { "grpc.max_receive_message_length": -1 };
  const of = (Service) => new Service(address, credentials.createInsecure(), options);
  const [commits, operations, diffs] = [of(CommitService), of(OperationService), of(DiffService)];

  /** Reads a stream to its end. */
  const stream = (call, take) =>
    new Promise((resolve, reject) => {
      call.on("data", take);
      call.on("error", reject);
      call.on("end", resolve);
    });
  const bytes = async (call) => {
    const pieces = [];
    await stream(call, (message) => keep && pieces.push(message.data));
    return Buffer.concat(pieces);
  };
  return {
    getBlob: ({ repository, revision, path }) =>
      bytes(commits.TreeEntry({ repository, revision: Buffer.from(revision), path: Buffer.from(path) })),
    findCommit: ({ repository, revision }) =>
      new Promise((resolve, reject) => {
        const done = (error, answer) => (error ? reject(error) : resolve(answer.commit));
        commits.FindCommit({ repository, revision: Buffer.from(revision) }, done);
      }),
    commitFiles: ({ repository, user, branch, message, path, content }) =>
      new Promise((resolve, reject) => {
        const done = (error, answer) => (error ? reject(error) : resolve(answer.branchUpdate));
        const call = operations.UserCommitFiles(done);
        const [branchName, commitMessage] = [Buffer.from(branch), Buffer.from(message)];
        call.write({ header: { repository, user, branchName, commitMessage } });
        call.write({ action: { header: { action: "CREATE", filePath: Buffer.from(path) } } });
        call.write({ action: { content: Buffer.from(content) } });
        call.end();
      }),
    getTreeEntries: async ({ repository, revision, path }) => {
      const entries = [];
      const request = { repository, revision: Buffer.from(revision), path: Buffer.from(path) };
      await stream(commits.GetTreeEntries(request), (message) => keep && entries.push(...message.entries));
      return entries;
    },
    commitDiff: async ({ repository, from, to }) => {
      const messages = [];
      const request = { repository, leftCommitId: from, rightCommitId: to };
      await stream(diffs.CommitDiff(request), (message) => keep && messages.push(message));
      return messages;
    },
    rawDiff: ({ repository, from, to }) => bytes(diffs.RawDiff({ repository, leftCommitId: from, rightCommitId: to })),
    close() {
      for (const client of [commits, operations, diffs]) client.close();
    },
  };
}
