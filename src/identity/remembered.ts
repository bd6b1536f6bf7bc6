/**
 * Values that a database holds, kept in memory: there at once when they have been asked for before. One server owns the database, so
 * that what it writes itself is all there is to forget.
 */
export class Remembered<K, V> {
  readonly #load: (key: K) => Promise<V>;
  readonly #max: number;
  readonly #values = new Map<K, V>();
  readonly #loading = new Map<K, Promise<V>>();

  /** `max`: how many values are kept; the one that came first goes first. */
  constructor(load: (key: K) => Promise<V>, max: number) {
    this.#load = load;
    this.#max = max;
  }

  get(key: K): V | Promise<V> {
    const value = this.#values.get(key);
    if (value !== undefined || this.#values.has(key)) return value as V;
    const loading = this.#loading.get(key);
    if (loading !== undefined) return loading;
    const started: Promise<V> = this.#load(key).then(
      (loaded) => {
        // Forgotten meanwhile: what was read may be from before the change.
        if (this.#loading.get(key) === started) this.#keep(key, loaded);
        return loaded;
      },
      (error: unknown) => {
        if (this.#loading.get(key) === started) this.#loading.delete(key);
        throw error;
      },
    );
    this.#loading.set(key, started);
    return started;
  }

  /** Call it after the change has been committed. */
  forget(key: K): void {
    this.#values.delete(key);
    this.#loading.delete(key);
  }

  forgetAll(): void {
    this.#values.clear();
    this.#loading.clear();
  }

  #keep(key: K, value: V): void {
    this.#loading.delete(key);
    this.#values.set(key, value);
    if (this.#values.size <= this.#max) return;
    for (const oldest of this.#values.keys()) {
      this.#values.delete(oldest);
      break;
    }
  }
}
