import { credentials, loadPackageDefinition } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

const options = { includeDirs: ["proto"], keepCase: true, longs: String, enums: String };
const gitaly = loadPackageDefinition(loadSync(["repository.proto", "operations.proto"], options)).gitaly as any;
const address = process.argv[2] ?? "127.0.0.1:8075";
const repositories = new gitaly.RepositoryService(address, credentials.createInsecure());
const operations = new gitaly.OperationService(address, credentials.createInsecure());

const repository = { storage_name: "default", relative_path: "alice/first.git" };
const user = { gl_id: "user-1", gl_username: "alice", name: Buffer.from("Alice"), email: Buffer.from("alice@example.com") };

// A unary call: make the repository.
await new Promise<void>((resolve, reject) => {
  repositories.CreateRepository({ repository }, (error: Error | null) => (error ? reject(error) : resolve()));
});

// A client stream: a header, then for each file what to do with it and its content.
const answer = await new Promise<any>((resolve, reject) => {
  const call = operations.UserCommitFiles((error: Error | null, message: any) => (error ? reject(error) : resolve(message)));
  call.write({ header: { repository, user, branch_name: Buffer.from("main"), commit_message: Buffer.from("First commit\n") } });
  call.write({ action: { header: { action: "CREATE", file_path: Buffer.from("README.md") } } });
  call.write({ action: { content: Buffer.from("# Hello\n") } });
  call.end();
});
console.log(`main is now ${answer.branch_update.commit_id}`);
