/** Tells whether a path is one of some, or below one of them; without any, every path is. */
export class PathFilter {
  readonly #paths: readonly string[];

  constructor(paths: readonly string[] = []) {
    this.#paths = paths.map((path) => path.replace(/\/+$/, ""));
  }

  has(path: string): boolean {
    return this.#paths.length === 0 || this.#paths.some((each) => path === each || path.startsWith(`${each}/`));
  }
}
