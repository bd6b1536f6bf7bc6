import type { DescFile } from "@bufbuild/protobuf";
import { file_google_rpc_error_details } from "../grpc/generated/google/rpc/error_details_pb.ts";
import { file_holdfast_v1_error } from "../grpc/generated/holdfast/v1/error_pb.ts";

/** Files of the messages in which errors of `holdfast.v1` are told. */
export const ERROR_FILES: readonly DescFile[] = [file_holdfast_v1_error, file_google_rpc_error_details];
