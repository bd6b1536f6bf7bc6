import type { OutgoingHttpHeaders } from "node:http2";
import { create, toBinary } from "@bufbuild/protobuf";
import { StatusSchema } from "./generated/google/rpc/status_pb.ts";
import type { GrpcStatusError } from "./status-error.ts";

/** Longest text of a status: together with the rest it has to fit into the header list that clients accept. */
const MESSAGE_CHARACTERS_MAX = 4096;

/**
 * Largest encoded details. Clients accept header lists of 64 KiB (nghttp2) and more; from one that is too large a client gets
 * neither status nor text, so larger details are left out.
 */
const DETAILS_BYTES_MAX = 36 * 1024;

/** What a handler says behind its answer. */
export type Trailers = Readonly<Record<string, string>>;

/** The trailers of a call that has succeeded. Each call gets its own object: http2 keeps it. */
export function okTrailers(more?: Trailers): OutgoingHttpHeaders {
  return { "grpc-status": "0", ...more };
}

/** The trailers of a call that has failed; the id names the request in the server's log. */
export function errorTrailers(error: GrpcStatusError, requestId?: string, more?: Trailers): OutgoingHttpHeaders {
  const message = error.message.slice(0, MESSAGE_CHARACTERS_MAX);
  const trailers: OutgoingHttpHeaders = {
    ...more,
    "grpc-status": String(error.code),
    "grpc-message": encodeStatusMessage(message),
  };
  if (requestId !== undefined) trailers["x-request-id"] = requestId;
  if (error.details.length === 0) return trailers;
  const status = toBinary(
    StatusSchema,
    create(StatusSchema, { code: error.code, message, details: [...error.details] }),
  );
  if (status.byteLength <= DETAILS_BYTES_MAX) {
    // Unpadded, as the specification prefers.
    trailers["grpc-status-details-bin"] = Buffer.from(status).toString("base64").replace(/=+$/, "");
  }
  return trailers;
}

/**
 * Percent-encodes a text for `grpc-message`: what is not printable ASCII, the percent sign, and white space at both ends, which
 * HTTP would strip and which reaches some clients as an empty text.
 */
export function encodeStatusMessage(message: string): string {
  if (/^[!-$&-~](?:[ -$&-~]*[!-$&-~])?$/.test(message)) return message;
  const bytes = Buffer.from(message, "utf8");
  const last = bytes.length - 1;
  let encoded = "";
  for (let i = 0; i <= last; i++) {
    const byte = bytes[i] ?? 0;
    const plain = byte > 0x20 && byte < 0x7f && byte !== 0x25;
    const innerSpace = byte === 0x20 && i > 0 && i < last && bytes[i + 1] !== 0x20 && bytes[i - 1] !== 0x20;
    encoded += plain || innerSpace ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return encoded;
}
