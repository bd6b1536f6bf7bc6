import { type DescExtension, type DescFile, type DescMessage, toBinary } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";

/** Finds the .proto file, in encoded form, in which a name is declared. */
export class DescriptorIndex {
  readonly #files = new Map<string, DescFile>();
  readonly #fileOfSymbol = new Map<string, DescFile>();
  readonly #extensions = new Map<string, Map<number, DescFile>>();
  readonly #encoded = new Map<DescFile, Uint8Array>();

  /** Indexes the files and all that they import. */
  constructor(files: Iterable<DescFile>) {
    for (const file of files) this.#add(file);
  }

  /** By a name as import statements spell it. */
  byName(name: string): DescFile | undefined {
    return this.#files.get(name);
  }

  /** By the full name of a service, method, message, field, oneof, enum, enum value or extension. */
  bySymbol(symbol: string): DescFile | undefined {
    return this.#fileOfSymbol.get(symbol);
  }

  byExtension(message: string, number: number): DescFile | undefined {
    return this.#extensions.get(message)?.get(number);
  }

  /** Numbers of the extensions of a message; undefined when there is no such message. */
  extensionNumbers(message: string): number[] | undefined {
    const numbers = this.#extensions.get(message);
    if (numbers === undefined && !this.#fileOfSymbol.has(message)) return undefined;
    return [...(numbers?.keys() ?? [])].toSorted((a, b) => a - b);
  }

  /** A file and what it imports, each once, encoded as FileDescriptorProto; the file itself is first. */
  withImports(file: DescFile): Uint8Array[] {
    const files = new Set<DescFile>([file]);
    for (const wanted of files) for (const dependency of wanted.dependencies) files.add(dependency);
    return [...files].map((wanted) => this.#encode(wanted));
  }

  #encode(file: DescFile): Uint8Array {
    let encoded = this.#encoded.get(file);
    if (encoded === undefined) {
      encoded = toBinary(FileDescriptorProtoSchema, file.proto);
      this.#encoded.set(file, encoded);
    }
    return encoded;
  }

  #add(file: DescFile): void {
    if (this.#files.has(file.proto.name)) return;
    this.#files.set(file.proto.name, file);
    for (const dependency of file.dependencies) this.#add(dependency);
    for (const type of nestedTypes(file)) {
      this.#fileOfSymbol.set(type.typeName, file);
      switch (type.kind) {
        case "message":
          this.#addMembers(file, type);
          break;
        case "enum": {
          // The values of an enum live in the scope around it.
          const scope = type.typeName.slice(0, type.typeName.lastIndexOf(".") + 1);
          for (const value of type.values) this.#fileOfSymbol.set(scope + value.name, file);
          break;
        }
        case "service":
          for (const method of type.methods) this.#fileOfSymbol.set(`${type.typeName}.${method.name}`, file);
          break;
        case "extension":
          this.#addExtension(file, type);
          break;
      }
    }
  }

  #addMembers(file: DescFile, message: DescMessage): void {
    for (const field of message.fields) this.#fileOfSymbol.set(`${message.typeName}.${field.name}`, file);
    for (const oneof of message.oneofs) this.#fileOfSymbol.set(`${message.typeName}.${oneof.name}`, file);
  }

  #addExtension(file: DescFile, extension: DescExtension): void {
    const extended = extension.extendee.typeName;
    const numbers = this.#extensions.get(extended) ?? new Map<number, DescFile>();
    numbers.set(extension.number, file);
    this.#extensions.set(extended, numbers);
  }
}
