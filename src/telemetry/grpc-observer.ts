import type { Counter } from "./instruments.ts";
import type { GrpcType, ServerMetrics } from "./server-metrics.ts";

/** What the observer needs to know of a gRPC method. */
export interface ObservedMethod {
  readonly service: string;
  readonly name: string;
  readonly bound: { readonly kind: "unary" | "server_streaming" | "client_streaming" | "bidi_streaming" };
}

const TYPES: Readonly<Record<ObservedMethod["bound"]["kind"], GrpcType>> = {
  unary: "unary",
  server_streaming: "server_stream",
  client_streaming: "client_stream",
  bidi_streaming: "bidi_stream",
};

/** Follows the calls of gRPC methods; the labels of codes, by number, come from the door. */
export function grpcObserver(metrics: ServerMetrics, codeLabels: readonly string[]) {
  return (method: ObservedMethod) => {
    const { started, seconds, handled } = metrics.grpcMethod(TYPES[method.bound.kind], method.service, method.name);
    const byCode: (Counter | undefined)[] = [];
    return {
      started: () => started.add(),
      handled: (code: number, elapsedMs: number) => {
        seconds.observe(elapsedMs / 1000);
        (byCode[code] ??= handled(codeLabels[code] ?? "Unknown")).add();
      },
    };
  };
}
