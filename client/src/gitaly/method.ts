import { type DescMethod, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";

/** A method of the protocol as the channel needs it: its path, and how its messages become bytes. */
export interface Method<M extends DescMethod> {
  readonly path: string;
  encode(message: MessageShape<M["input"]>): Buffer;
  decode(bytes: Uint8Array): MessageShape<M["output"]>;
}

const methods = new WeakMap<DescMethod, Method<DescMethod>>();

/** Made once for each method. */
export function methodOf<M extends DescMethod>(desc: M): Method<M> {
  const known = methods.get(desc);
  if (known !== undefined) return known as unknown as Method<M>;
  const method: Method<M> = {
    path: `/${desc.parent.typeName}/${desc.name}`,
    encode(message) {
      const bytes = toBinary(desc.input, message);
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    },
    decode: (bytes) => fromBinary(desc.output, bytes) as MessageShape<M["output"]>,
  };
  methods.set(desc, method as unknown as Method<DescMethod>);
  return method;
}
