import { Counter, Gauge, Histogram } from "./instruments.ts";

/** Content type of the text format that `render` writes (prometheus.io/docs/instrumenting/exposition_formats). */
export const METRICS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Time series of one family; beyond that something has become a label that must not be one. */
const SERIES_PER_FAMILY_MAX = 10_000;

type Instrument = Counter | Gauge | Histogram;

/** All time series of one name. Ask for a series once and keep it: finding it costs more than counting. */
export class MetricFamily<I extends Instrument> {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly #labels: readonly string[];
  readonly #make: () => I;
  readonly #series = new Map<string, { readonly labels: string; readonly instrument: I }>();

  constructor(name: string, help: string, type: MetricFamily<I>["type"], labels: readonly string[], make: () => I) {
    this.name = name;
    this.help = help;
    this.type = type;
    this.#labels = labels;
    this.#make = make;
  }

  /** The series with the given values of the family's labels, in the order in which these were declared. */
  with(...values: string[]): I {
    const key = values.join("\0");
    let series = this.#series.get(key);
    if (series === undefined) {
      if (values.length !== this.#labels.length) throw new Error(`${this.name} has ${this.#labels.length} labels`);
      if (this.#series.size >= SERIES_PER_FAMILY_MAX) throw new Error(`${this.name} has too many series`);
      const labels = this.#labels.map((label, i) => `${label}="${escapeLabel(values[i] ?? "")}"`).join(",");
      series = { labels, instrument: this.#make() };
      this.#series.set(key, series);
    }
    return series.instrument;
  }

  *lines(): Generator<string> {
    yield `# HELP ${this.name} ${this.help}`;
    yield `# TYPE ${this.name} ${this.type}`;
    for (const { labels, instrument } of this.#series.values()) {
      if (instrument instanceof Histogram) yield* histogramLines(this.name, labels, instrument);
      else yield `${this.name}${braced(labels)} ${instrument.value}`;
    }
  }
}

/** The metrics of a server, in the order in which they were declared. */
export class MetricRegistry {
  readonly #families = new Map<string, MetricFamily<Instrument>>();
  readonly #collectors: (() => void)[] = [];

  counter(name: string, help: string, labels: readonly string[] = []): MetricFamily<Counter> {
    return this.#add(new MetricFamily(name, help, "counter", labels, () => new Counter()));
  }

  gauge(name: string, help: string, labels: readonly string[] = []): MetricFamily<Gauge> {
    return this.#add(new MetricFamily(name, help, "gauge", labels, () => new Gauge()));
  }

  histogram(
    name: string,
    help: string,
    bounds: readonly number[],
    labels: readonly string[] = [],
  ): MetricFamily<Histogram> {
    return this.#add(new MetricFamily(name, help, "histogram", labels, () => new Histogram(bounds)));
  }

  /** `collect` runs before each rendering, to set what is cheaper to look up than to follow. */
  onCollect(collect: () => void): void {
    this.#collectors.push(collect);
  }

  /** All metrics in Prometheus' text format. */
  render(): string {
    for (const collect of this.#collectors) collect();
    let text = "";
    for (const family of this.#families.values()) for (const line of family.lines()) text += `${line}\n`;
    return text;
  }

  #add<I extends Instrument>(family: MetricFamily<I>): MetricFamily<I> {
    if (this.#families.has(family.name)) throw new Error(`the metric ${family.name} is declared twice`);
    this.#families.set(family.name, family);
    return family;
  }
}

function* histogramLines(name: string, labels: string, histogram: Histogram): Generator<string> {
  const prefix = labels === "" ? "" : `${labels},`;
  let count = 0;
  for (const [range, inRange] of histogram.counts.entries()) {
    count += inRange;
    yield `${name}_bucket{${prefix}le="${histogram.bounds[range] ?? "+Inf"}"} ${count}`;
  }
  yield `${name}_sum${braced(labels)} ${histogram.sum}`;
  yield `${name}_count${braced(labels)} ${count}`;
}

function braced(labels: string): string {
  return labels === "" ? "" : `{${labels}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
