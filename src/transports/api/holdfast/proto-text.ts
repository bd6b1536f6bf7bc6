import type { GoneField } from "./field-numbers.ts";
import { fileOfService, NOUNS_FILE } from "./file-descriptors.ts";
import type { HoldfastPackage, HoldfastService } from "./holdfast-package.ts";
import { type MessageField, type MessageType, PACKAGE } from "./message-type.ts";
import { protoTypeOf } from "./proto-type.ts";

const LINE_LENGTH_MAX = 110;
const TIMESTAMP_FILE = "google/protobuf/timestamp.proto";

/** The .proto files of the package, by their names: for programs that are built with them, and for those who read what has changed. */
export function protoFiles({ services, nouns }: HoldfastPackage): Map<string, string> {
  const files = new Map<string, string>();
  files.set(NOUNS_FILE, fileText("What several services speak of.", nouns.map(messageText), nouns, NOUNS_FILE));
  for (const service of services) {
    const messages = service.methods.flatMap(({ request, response }) => [request, response]);
    const parts = [serviceText(service), ...messages.map(messageText)];
    const name = fileOfService(service.name);
    files.set(name, fileText(`${service.name} of Holdfast.`, parts, messages, name));
  }
  return files;
}

function fileText(about: string, parts: readonly string[], messages: readonly MessageType[], name: string): string {
  const imports = [
    ...(messages.some(hasInstant) ? [TIMESTAMP_FILE] : []),
    ...(name !== NOUNS_FILE && messages.some(hasNoun) ? [NOUNS_FILE] : []),
  ].map((path) => `import "${path}";\n`);
  const head = [
    `// ${about} Made by \`npm run generate\` from the table of operations; field-numbers.json keeps the numbers.\nsyntax = "proto3";`,
    `package ${PACKAGE};`,
    ...(imports.length === 0 ? [] : [imports.join("").trimEnd()]),
  ];
  return `${[...head, ...parts].join("\n\n")}\n`;
}

function serviceText({ name, methods }: HoldfastService): string {
  const lines = methods.map(({ name: called, comment, request, response, streams }) => {
    const answer = `${streams ? "stream " : ""}${response.name}`;
    return `${commentLines(comment, "  ")}  rpc ${called}(${request.name}) returns (${answer});\n`;
  });
  return `service ${name} {\n${lines.join("")}}`;
}

function messageText(message: MessageType): string {
  return block(message, "");
}

function block({ name, comment, shape, fields, nested, reserved }: MessageType, indent: string): string {
  const inner = `${indent}  `;
  const isUnion = shape.kind === "union";
  const lines = fields.map((field) => fieldText(field, isUnion ? `${inner}  ` : inner));
  const body = [
    ...nested.map((each) => `${block(each, inner)}\n`),
    ...reservedText("number", reserved, inner),
    ...reservedText("name", reserved, inner),
    ...(isUnion ? [`${inner}oneof ${shape.discriminator} {\n`, ...lines, `${inner}}\n`] : lines),
  ].join("");
  const last = name.slice(name.lastIndexOf(".") + 1);
  return `${commentLines(comment, indent)}${indent}message ${last} {${body === "" ? "}" : `\n${body}${indent}}`}`;
}

function reservedText(what: "name" | "number", reserved: readonly GoneField[], indent: string): string[] {
  const all = reserved.flatMap((each) => (each[what] === undefined ? [] : [JSON.stringify(each[what])]));
  return all.length === 0 ? [] : [`${indent}reserved ${all.join(", ")};\n`];
}

function fieldText(field: MessageField, indent: string): string {
  const isScalar = typeof field.type !== "object" && field.type !== "instant";
  const optional = field.label === "optional" && isScalar ? "optional " : "";
  const type = protoTypeOf(field);
  return `${commentLines(field.comment, indent)}${indent}${optional}${type} ${field.name} = ${field.number};\n`;
}

function commentLines(text: string, indent: string): string {
  if (text === "") return "";
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && indent.length + 3 + line.length + 1 + word.length > LINE_LENGTH_MAX) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines.map((each) => `${indent}// ${each}\n`).join("");
}

const hasInstant = ({ fields, nested }: MessageType): boolean =>
  fields.some(({ type }) => type === "instant") || nested.some(hasInstant);

/** Does a message name one that stands in no other? Within a service's file that is a noun. */
const hasNoun = ({ fields, nested }: MessageType): boolean =>
  fields.some(({ type }) => typeof type === "object" && !type.name.includes(".")) || nested.some(hasNoun);
