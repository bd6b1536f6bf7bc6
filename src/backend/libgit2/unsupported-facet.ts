import { OperationError } from "../../domain/errors.ts";

/** A facet of which the backend does nothing: every method throws `unsupported`. */
export function unsupportedFacet<Facet extends object>(name: string): Facet {
  return new Proxy({} as Facet, {
    get: (_target, method) => () => {
      throw new OperationError("unsupported", { what: `${name}.${String(method)}` });
    },
  });
}
