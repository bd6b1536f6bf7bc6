import type { GitAdapter } from "../git-adapter.ts";

/** The name of a method. */
export type MethodName = keyof GitAdapter;

/** What a method is called with. */
export type MethodArguments<M extends MethodName> = Parameters<GitAdapter[M]>;

/** What a method comes to: the value of its promise, or all that its stream gives. */
export type MethodResult<M extends MethodName> =
  ReturnType<GitAdapter[M]> extends AsyncIterable<infer T> ? readonly T[] : Awaited<ReturnType<GitAdapter[M]>>;

/** How a mock answers a method: with a value, with an error, or by a function of the call's arguments. */
export type MockAnswer<M extends MethodName> =
  | MethodResult<M>
  | Error
  | ((...args: MethodArguments<M>) => MethodResult<M> | Promise<MethodResult<M>>);

/** A call as it was made. */
export interface MockCall<M extends MethodName = MethodName> {
  readonly method: M;
  /** A copy: what the caller changes afterwards does not show. The actions of `commitFiles` are an array. */
  readonly args: MethodArguments<M>;
}
