import type {
  ListResourcesResult,
  ListResourceTemplatesResult,
  ReadResourceResult,
} from "@modelcontextprotocol/server";
import { hasReason } from "../../../domain/errors.ts";
import type { AgentReads, Page } from "./agent-reads.ts";
import { type ResourceAddress, RESOURCE_TEMPLATE, resourceAddress, resourceUri } from "./resource-uri.ts";

/** Resources have no parts: what is longer is read by tools, which give it in parts. */
const RESOURCE_BYTES_MAX = 1024 * 1024;
const PAGE_LIMIT = 100;
const FOLDER_LIMIT = 1000;

interface Repository {
  readonly full_name: string;
  readonly description: string;
}

interface File {
  readonly content: string;
  readonly encoding: "utf-8" | "base64";
}

/** The caller's repositories, in pages: the root folder of each. */
export async function listResources(reads: AgentReads, cursor: string | undefined): Promise<ListResourcesResult> {
  const { items, next_cursor } = await reads.run<Page<Repository>>("browseRepositories", {
    limit: PAGE_LIMIT,
    ...(cursor !== undefined && { cursor }),
  });
  return {
    resources: items.map(({ full_name, description }) => ({
      uri: resourceUri({ repo: full_name, rev: "HEAD", path: "" }),
      name: full_name,
      ...(description !== "" && { description }),
      mimeType: "application/json",
    })),
    ...(typeof next_cursor === "string" && { nextCursor: next_cursor }),
  };
}

export function listTemplates(): ListResourceTemplatesResult {
  return {
    resourceTemplates: [
      {
        uriTemplate: RESOURCE_TEMPLATE,
        name: "file",
        title: "File or folder at a revision",
        description:
          "A file as it is at a branch, tag or commit (HEAD: the default branch), or a folder as JSON. Slashes in repo and rev are escaped: holdfast://alice%2Fmyrepo/main/docs/guide.md",
      },
    ],
  };
}

/** A file's content, or a folder's entries as JSON. Rejects with OperationErrors. */
export async function readResource(reads: AgentReads, uri: string): Promise<ReadResourceResult> {
  const address = resourceAddress(uri);
  if (address.path === "" || address.path.endsWith("/")) return await readFolder(reads, uri, address);
  let file: File;
  try {
    file = await reads.run<File>("getFile", { ...address }, RESOURCE_BYTES_MAX);
  } catch (error) {
    if (!hasReason(error, "path_not_found")) throw error;
    const folder = await readFolder(reads, uri, address).catch(() => undefined);
    if (folder === undefined) throw error;
    return folder;
  }
  const { content, encoding } = file;
  const mimeType = typeOf(address.path, encoding);
  return { contents: [encoding === "base64" ? { uri, mimeType, blob: content } : { uri, mimeType, text: content }] };
}

async function readFolder(
  reads: AgentReads,
  uri: string,
  { repo, rev, path }: ResourceAddress,
): Promise<ReadResourceResult> {
  const folder = path.replace(/\/+$/, "");
  const { items, next_cursor } = await reads.run<Page<{ path: string; type: string }>>("listFiles", {
    repo,
    rev,
    ...(folder !== "" && { path: folder }),
    limit: FOLDER_LIMIT,
  });
  const entries = items.map((entry) => ({
    ...entry,
    ...(typeof entry.path === "string" && {
      uri: resourceUri({ repo, rev, path: entry.type === "tree" ? `${entry.path}/` : entry.path }),
    }),
  }));
  const text = JSON.stringify({ entries, is_cut: typeof next_cursor === "string" });
  return { contents: [{ uri, mimeType: "application/json", text }] };
}

/** The media type by the name; text is text, whatever its name says. */
function typeOf(path: string, encoding: "utf-8" | "base64"): string {
  const type = Bun.file(path).type.split(";", 1)[0] ?? "";
  const isUnknown = type === "" || type === "application/octet-stream";
  if (encoding === "base64") return isUnknown ? "application/octet-stream" : type;
  return isUnknown ? "text/plain" : type;
}
