import { OperationError } from "../../domain/errors.ts";

/** A facet of which the backend does nothing, or only some methods: every other one throws `unsupported`. */
export function unsupportedFacet<Facet extends object>(name: string, own: Partial<Facet> = {}): Facet {
  return new Proxy(own as Facet, {
    get: (_target, method) =>
      own[method as keyof Facet] ??
      (() => {
        throw new OperationError("unsupported", { what: `${name}.${String(method)}` });
      }),
  });
}
