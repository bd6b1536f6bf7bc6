/** Git directories of which files are kept open, and more; the one used longest ago is let go of first. */
export class WarmDirectories {
  readonly #kept = new Set<string>();
  readonly #max: number;
  readonly #forget: (gitDir: string) => void;

  constructor(max: number, forget: (gitDir: string) => void) {
    this.#max = max;
    this.#forget = forget;
  }

  /** Somebody has worked there. */
  used(gitDir: string): void {
    this.#kept.delete(gitDir);
    this.#kept.add(gitDir);
    if (this.#kept.size <= this.#max) return;
    for (const oldest of this.#kept) return this.forget(oldest);
  }

  /** It is removed. */
  forget(gitDir: string): void {
    this.#kept.delete(gitDir);
    this.#forget(gitDir);
  }
}
