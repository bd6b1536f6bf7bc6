import { create, createFileRegistry, type FileRegistry } from "@bufbuild/protobuf";
import {
  type DescriptorProto,
  DescriptorProtoSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  type FieldDescriptorProto,
  FieldDescriptorProtoSchema,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  file_google_protobuf_timestamp,
  MethodDescriptorProtoSchema,
  ServiceDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";
import type { HoldfastMethod, HoldfastPackage, HoldfastService } from "./holdfast-package.ts";
import { type FieldType, type MessageField, type MessageType, PACKAGE, type ScalarType } from "./message-type.ts";
import { pascalCase } from "./message-types.ts";
import { TIMESTAMP } from "./proto-type.ts";
import { sourceComments } from "./source-comments.ts";

const TIMESTAMP_FILE = "google/protobuf/timestamp.proto";
const TYPES: Readonly<Record<Exclude<ScalarType, "instant">, Type>> = {
  string: Type.STRING,
  repository: Type.STRING,
  byte_string: Type.BYTES,
  bytes: Type.BYTES,
  bool: Type.BOOL,
  integer: Type.INT64,
  big_integer: Type.INT64,
  double: Type.DOUBLE,
};

/** The .proto file of a service, as import statements spell it. */
export const fileOfService = (service: string): string =>
  `holdfast/v1/${service
    .replace(/(?!^)[A-Z]/g, (letter) => `_${letter}`)
    .toLowerCase()
    .replace(/_service$/, "")}.proto`;

export const NOUNS_FILE = "holdfast/v1/nouns.proto";

/** The package as protobuf itself describes it: what the compiler would make of the .proto files, made without one. */
export function fileDescriptors({ services, nouns }: HoldfastPackage): FileRegistry {
  const file = [
    file_google_protobuf_timestamp.proto,
    fileOf(NOUNS_FILE, [TIMESTAMP_FILE], nouns),
    ...services.map(serviceFile),
  ];
  return createFileRegistry(create(FileDescriptorSetSchema, { file }));
}

function fileOf(
  name: string,
  dependency: string[],
  messages: readonly MessageType[],
  methods: readonly HoldfastMethod[] = [],
): FileDescriptorProto {
  return create(FileDescriptorProtoSchema, {
    name,
    package: PACKAGE,
    syntax: "proto3",
    dependency,
    messageType: messages.map((message) => descriptorOf(message)),
    sourceCodeInfo: sourceComments(messages, methods),
  });
}

function serviceFile({ name, methods }: HoldfastService): FileDescriptorProto {
  const messages = methods.flatMap(({ request, response }) => [request, response]);
  const file = fileOf(fileOfService(name), [TIMESTAMP_FILE, NOUNS_FILE], messages, methods);
  const method = methods.map(({ name: called, request, response, streams }) =>
    create(MethodDescriptorProtoSchema, {
      name: called,
      inputType: fullName(request),
      outputType: fullName(response),
      serverStreaming: streams,
    }),
  );
  file.service.push(create(ServiceDescriptorProtoSchema, { name, method }));
  return file;
}

function descriptorOf({ name, fields, nested, shape, reserved }: MessageType): DescriptorProto {
  const own = fields.map((field) => fieldDescriptor(field, name));
  const optional = own.filter(({ proto3Optional }) => proto3Optional);
  const isUnion = shape.kind === "union";
  optional.forEach((field, index) => (field.oneofIndex = index + (isUnion ? 1 : 0)));
  return create(DescriptorProtoSchema, {
    name: lastOf(name),
    field: own,
    nestedType: [
      ...nested.map(descriptorOf),
      ...fields.filter(({ label }) => label === "map").map((field) => entryOf(field)),
    ],
    // Those of fields that may be missing come last.
    oneofDecl: [
      ...(isUnion ? [{ name: shape.discriminator }] : []),
      ...optional.map((field) => ({ name: `_${field.name}` })),
    ],
    reservedName: reserved.flatMap((each) => each.name ?? []),
    reservedRange: reserved.map(({ number }) => ({ start: number, end: number + 1 })),
  });
}

function fieldDescriptor(field: MessageField, message: string): FieldDescriptorProto {
  const { name, number, label } = field;
  const isMap = label === "map";
  const isMessage = isMap || typeof field.type === "object" || field.type === "instant";
  return create(FieldDescriptorProtoSchema, {
    name,
    jsonName: name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()),
    number,
    label: isMap || label === "repeated" ? Label.REPEATED : Label.OPTIONAL,
    type: isMessage ? Type.MESSAGE : TYPES[field.type as Exclude<ScalarType, "instant">],
    ...(isMessage && { typeName: isMap ? `.${PACKAGE}.${message}.${entryName(name)}` : typeNameOf(field.type) }),
    ...(label === "one_of" && { oneofIndex: 0 }),
    // Messages know by themselves whether they are there.
    ...(label === "optional" && !isMessage && { proto3Optional: true }),
  });
}

function entryOf({ name, type }: MessageField): DescriptorProto {
  const field = { property: "", isNullable: false, comment: "", label: "required" } as const;
  return create(DescriptorProtoSchema, {
    name: entryName(name),
    field: [
      fieldDescriptor({ ...field, name: "key", number: 1, type: "string" }, ""),
      fieldDescriptor({ ...field, name: "value", number: 2, type }, ""),
    ],
    options: { mapEntry: true },
  });
}

const entryName = (field: string): string => `${pascalCase(field)}Entry`;
const lastOf = (name: string): string => name.slice(name.lastIndexOf(".") + 1);
const fullName = ({ name }: MessageType): string => `.${PACKAGE}.${name}`;
const typeNameOf = (type: FieldType): string => (typeof type === "object" ? fullName(type) : `.${TIMESTAMP}`);
