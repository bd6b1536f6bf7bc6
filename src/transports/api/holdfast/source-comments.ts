import { create } from "@bufbuild/protobuf";
import { type SourceCodeInfo, SourceCodeInfoSchema } from "@bufbuild/protobuf/wkt";
import type { HoldfastMethod } from "./holdfast-package.ts";
import type { MessageType } from "./message-type.ts";

/** Numbers of the fields of descriptors, of which paths to what is described are made (google/protobuf/descriptor.proto). */
const IN_FILE = { message: 4, service: 6 } as const;
const IN_MESSAGE = { field: 2, nested: 3 } as const;
const IN_SERVICE = { method: 2 } as const;

interface Comment {
  readonly path: number[];
  readonly text: string;
}

/** What a compiler would keep of the comments of a .proto file: tools show them to those who ask by reflection. */
export function sourceComments(messages: readonly MessageType[], methods: readonly HoldfastMethod[]): SourceCodeInfo {
  const comments = [
    ...messages.flatMap((message, index) => ofMessage(message, [IN_FILE.message, index])),
    ...methods.map(({ comment }, index) => ({ path: [IN_FILE.service, 0, IN_SERVICE.method, index], text: comment })),
  ];
  return create(SourceCodeInfoSchema, {
    location: comments
      .filter(({ text }) => text !== "")
      // There is no file with lines in it.
      .map(({ path, text }) => ({ path, span: [0, 0, 0], leadingComments: ` ${text}\n` })),
  });
}

function ofMessage({ comment, fields, nested }: MessageType, path: number[]): Comment[] {
  return [
    { path, text: comment },
    ...fields.map((field, index) => ({ path: [...path, IN_MESSAGE.field, index], text: field.comment })),
    ...nested.flatMap((each, index) => ofMessage(each, [...path, IN_MESSAGE.nested, index])),
  ];
}
