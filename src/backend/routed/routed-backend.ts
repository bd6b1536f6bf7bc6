import { hasReason, OperationError } from "../../domain/errors.ts";
import { type BackendMethod, facetsOf, isStream, type MethodEntry, methodOf } from "../backend-methods.ts";
import type { GitBackend, QuarantinedView, RepositoryView } from "../backend.ts";
import { type Answer, answerOfError, Gathered } from "./answers.ts";
import { Canary, type CanaryDifference } from "./canary.ts";

export type BackendName = "libgit2" | "shell";

/** Why a call went to `shell` although another backend is current. */
export type FallbackCause = "not_declared" | "unsupported" | "object_format";

export interface RoutedBackendOptions {
  readonly backends: { readonly libgit2?: GitBackend; readonly shell: GitBackend };
  readonly current: BackendName;
  /** Share of reads that the other backend answers as well, in percent. */
  readonly canaryPercent?: number;
  /** Numbers from 0 to 1. */
  readonly random?: () => number;
  readonly onFallback?: (entry: MethodEntry, cause: FallbackCause) => void;
  readonly onCompared?: (entry: MethodEntry) => void;
  readonly onSkipped?: (entry: MethodEntry) => void;
  readonly onDifference?: (difference: CanaryDifference) => void;
}

/** A backend that passes every call on. It can be switched while calls are in flight. */
export interface RoutedBackend extends GitBackend {
  current(): BackendName;
  available(): readonly BackendName[];
  /** Calls that each backend has answered, comparisons apart. */
  counters(): Readonly<Record<string, number>>;
  /** Sends new calls to another backend. Throws `invalid_input` for one that is not there. */
  switchTo(name: string): void;
  setCanaryPercent(percent: number): void;
  /** Resolves when all comparisons are done. */
  settleCanary(): Promise<void>;
}

const COMPARED_BYTES_MAX = 16 * 1024 * 1024;

/** One backend, and how often it was called. */
interface Lane {
  readonly name: BackendName;
  readonly backend: GitBackend;
  calls: number;
}

/** One method: where its calls go now. A switch replaces `first` in all routes at once. */
interface Route {
  readonly entry: MethodEntry;
  readonly methods: Readonly<Partial<Record<BackendName, BackendMethod>>>;
  /** The lane that is current, or `shell` when that one does not declare the method. */
  lane: Lane;
  call: BackendMethod;
  /** Whether `lane` stands in for another. */
  standsIn: boolean;
}

/** Makes the backend that chooses among backends (ARCHITECTURE.md, waist 3). */
export function createRoutedBackend(options: RoutedBackendOptions): RoutedBackend {
  return new Router(options).backend;
}

class Router {
  readonly backend: RoutedBackend;
  readonly #shell: Lane;
  readonly #lanes: ReadonlyMap<string, Lane>;
  readonly #routes: Route[] = [];
  readonly #random: () => number;
  readonly #onFallback: (entry: MethodEntry, cause: FallbackCause) => void;
  readonly #canary: Canary;
  /** Who began a quarantine keeps it: its objects may still be in that backend's memory. */
  readonly #owners = new Map<string, Lane>();
  #current: Lane;
  #canaryPercent: number;

  constructor(options: RoutedBackendOptions) {
    const { libgit2, shell } = options.backends;
    this.#shell = { name: "shell", backend: shell, calls: 0 };
    const lanes = new Map<string, Lane>([["shell", this.#shell]]);
    if (libgit2 !== undefined) lanes.set("libgit2", { name: "libgit2", backend: libgit2, calls: 0 });
    this.#lanes = lanes;
    this.#current = this.#laneNamed(options.current);
    this.#canaryPercent = options.canaryPercent ?? 0;
    this.#random = options.random ?? Math.random;
    this.#onFallback = options.onFallback ?? (() => {});
    this.#canary = new Canary({
      onCompared: options.onCompared ?? (() => {}),
      onSkipped: options.onSkipped ?? (() => {}),
      onDifference: options.onDifference ?? (() => {}),
    });
    this.backend = {
      name: "routed",
      ...facetsOf((entry) => this.#method(entry)),
      supports: shell.supports,
      current: () => this.#current.name,
      available: () => [...this.#lanes.values()].map(({ name }) => name),
      counters: () => Object.fromEntries([...this.#lanes.values()].map(({ name, calls }) => [name, calls])),
      switchTo: (name) => this.#switchTo(name),
      setCanaryPercent: (percent) => (this.#canaryPercent = percent),
      settleCanary: () => this.#canary.settle(),
      forget: (gitDir) => {
        for (const { backend } of this.#lanes.values()) backend.forget(gitDir);
      },
      close: () => this.#close(),
    };
  }

  #laneNamed(name: string): Lane {
    const lane = this.#lanes.get(name);
    if (lane === undefined)
      throw new OperationError("invalid_input", {
        field: "name",
        problem: `is none of ${[...this.#lanes.keys()].join(", ")}`,
      });
    return lane;
  }

  #switchTo(name: string): void {
    this.#current = this.#laneNamed(name);
    for (const route of this.#routes) this.#point(route);
  }

  #point(route: Route): void {
    const declared = this.#current === this.#shell || this.#current.backend.supports.has(route.entry.name);
    route.lane = declared ? this.#current : this.#shell;
    route.standsIn = !declared;
    route.call = route.methods[route.lane.name]!;
  }

  #method(entry: MethodEntry): BackendMethod {
    const methods = Object.fromEntries(
      [...this.#lanes.values()].map(({ name, backend }) => [name, methodOf(backend, entry)]),
    );
    const route: Route = { entry, methods, lane: this.#shell, call: methods["shell"]!, standsIn: false };
    this.#point(route);
    this.#routes.push(route);
    if (entry.name === "quarantine.migrate" || entry.name === "quarantine.discard")
      return this.#lastOfQuarantine(route);
    if (!isStream(entry.kind)) return this.#call(route);
    return (view, a, b, c) => this.#stream(route, view as RepositoryView, a, b, c);
  }

  #call(route: Route): BackendMethod {
    const readable = route.entry.kind === "read";
    return (view, a, b, c) => {
      const where = view as RepositoryView;
      if (where.quarantineDir !== undefined || where.objectFormat !== "sha1" || route.standsIn) {
        return this.#special(route, where, a, b, c);
      }
      const { lane, call } = route;
      lane.calls++;
      let answer: unknown;
      try {
        answer = call(view, a, b, c);
      } catch (error) {
        answer = Promise.reject(error);
      }
      if (readable && this.#canaryPercent > 0 && this.#random() * 100 < this.#canaryPercent) {
        return this.#watched(route, lane, Promise.resolve(answer), where, a, b, c);
      }
      if (lane === this.#shell || !(answer instanceof Promise)) return answer;
      return this.#orShell(route, lane, answer, where, a, b, c);
    };
  }

  /** Waits for an answer; when it is that the backend cannot, the shell is asked. */
  #orShell(
    route: Route,
    lane: Lane,
    answer: Promise<unknown>,
    view: RepositoryView,
    a: unknown,
    b: unknown,
    c: unknown,
  ): Promise<unknown> {
    return answer.catch(async (error: unknown) => {
      if (lane === this.#shell || !hasReason(error, "unsupported")) throw error;
      await this.#beforeShell(route, lane, view, "unsupported");
      return await (route.methods.shell!(view, a, b, c) as Promise<unknown>);
    });
  }

  /** Calls that do not simply go to the current backend: quarantines, SHA-256, methods that it does not declare. */
  async #special(route: Route, view: RepositoryView, a: unknown, b: unknown, c: unknown): Promise<unknown> {
    const { lane, cause } = this.#laneFor(route, view);
    if (cause !== undefined) await this.#beforeShell(route, lane, view, cause);
    const taken = cause === undefined ? lane : this.#shell;
    if (cause === undefined) lane.calls++;
    const answer = Promise.try(route.methods[taken.name]!, view, a, b, c);
    return await this.#orShell(route, taken, answer, view, a, b, c);
  }

  /** Who should answer, and why the shell has to stand in. */
  #laneFor(route: Route, view: RepositoryView): { lane: Lane; cause?: FallbackCause } {
    const lane = this.#ownerOf(view) ?? this.#current;
    if (lane === this.#shell) return { lane };
    if (view.objectFormat !== "sha1") return { lane, cause: "object_format" };
    return lane.backend.supports.has(route.entry.name) ? { lane } : { lane, cause: "not_declared" };
  }

  #ownerOf(view: RepositoryView): Lane | undefined {
    if (view.quarantineDir === undefined) return undefined;
    let owner = this.#owners.get(view.quarantineDir);
    if (owner === undefined) {
      owner = view.objectFormat === "sha1" ? this.#current : this.#shell;
      this.#owners.set(view.quarantineDir, owner);
    }
    return owner;
  }

  /** The shell sees only files: what a quarantine holds in memory is written out first. */
  async #beforeShell(route: Route, lane: Lane, view: RepositoryView, cause: FallbackCause): Promise<void> {
    this.#onFallback(route.entry, cause);
    this.#shell.calls++;
    if (view.quarantineDir !== undefined && lane !== this.#shell)
      await lane.backend.quarantine.materialize(view as QuarantinedView);
  }

  #lastOfQuarantine(route: Route): BackendMethod {
    return async (view, a, b, c) => {
      const where = view as QuarantinedView;
      try {
        return await this.#special(route, where, a, b, c);
      } finally {
        if (route.entry.method === "discard") this.#owners.delete(where.quarantineDir);
      }
    };
  }

  async *#stream(route: Route, view: RepositoryView, a: unknown, b: unknown, c: unknown): AsyncGenerator<unknown> {
    const { lane, cause } = this.#laneFor(route, view);
    let taken = lane;
    if (cause === undefined) {
      lane.calls++;
    } else {
      await this.#beforeShell(route, lane, view, cause);
      taken = this.#shell;
    }
    const readable = route.entry.kind === "read-stream" && cause === undefined && view.quarantineDir === undefined;
    const gathered = readable && this.#draws() ? new Gathered(COMPARED_BYTES_MAX) : undefined;
    let begun = false;
    try {
      for await (const part of route.methods[taken.name]!(view, a, b, c) as AsyncIterable<unknown>) {
        begun = true;
        gathered?.add(part);
        yield part;
      }
      if (gathered !== undefined) this.#offer(route, taken, gathered.answer, view, a, b, c);
      return;
    } catch (error) {
      if (begun || taken === this.#shell || !hasReason(error, "unsupported")) {
        if (gathered !== undefined && !begun) this.#offer(route, taken, answerOfError(error), view, a, b, c);
        throw error;
      }
    }
    // Nothing has been handed over yet, so the shell can begin at the beginning.
    await this.#beforeShell(route, lane, view, "unsupported");
    yield* route.methods.shell!(view, a, b, c) as AsyncIterable<unknown>;
  }

  #draws(): boolean {
    return this.#canaryPercent > 0 && this.#random() * 100 < this.#canaryPercent;
  }

  /** Passes an answer on and has it compared. */
  async #watched(
    route: Route,
    lane: Lane,
    answer: Promise<unknown>,
    view: RepositoryView,
    a: unknown,
    b: unknown,
    c: unknown,
  ): Promise<unknown> {
    try {
      const value = await answer;
      this.#offer(route, lane, { kind: "value", value }, view, a, b, c);
      return value;
    } catch (error) {
      if (hasReason(error, "unsupported")) return await this.#orShell(route, lane, answer, view, a, b, c);
      this.#offer(route, lane, answerOfError(error), view, a, b, c);
      throw error;
    }
  }

  #offer(route: Route, lane: Lane, answer: Answer, view: RepositoryView, a: unknown, b: unknown, c: unknown): void {
    const other = [...this.#lanes.values()].find((candidate) => candidate !== lane);
    if (other === undefined || view.objectFormat !== "sha1") return;
    if (other !== this.#shell && !other.backend.supports.has(route.entry.name)) return;
    this.#canary.offer({
      entry: route.entry,
      view,
      question: [a, b, c].filter((argument) => argument !== undefined),
      served: { backend: lane.name, answer },
      other: other.name,
      ask: (name, asked) => ask(route, name as BackendName, asked, a, b, c),
    });
  }

  async #close(): Promise<void> {
    this.#canary.clear();
    await this.#canary.settle();
    await Promise.all([...this.#lanes.values()].map(({ backend }) => backend.close()));
  }
}

async function ask(
  route: Route,
  name: BackendName,
  view: RepositoryView,
  a: unknown,
  b: unknown,
  c: unknown,
): Promise<Answer> {
  const method = route.methods[name]!;
  try {
    if (!isStream(route.entry.kind)) return { kind: "value", value: await (method(view, a, b, c) as Promise<unknown>) };
    const gathered = new Gathered(COMPARED_BYTES_MAX);
    for await (const part of method(view, a, b, c) as AsyncIterable<unknown>) {
      gathered.add(part);
      if (gathered.answer.kind === "too-long") break;
    }
    return gathered.answer;
  } catch (error) {
    return answerOfError(error);
  }
}
