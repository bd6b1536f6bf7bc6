import { describe, expect, test } from "bun:test";
import { MetricRegistry } from "../../src/telemetry/metric-registry.ts";

describe("MetricRegistry", () => {
  test("renders counters, gauges and histograms", () => {
    const registry = new MetricRegistry();
    registry.counter("calls_total", "Calls.", ["method"]).with('a"b\\c\n').add(2);
    registry.gauge("running", "Running.").with().add(3);
    const seconds = registry.histogram("seconds", "Time.", [0.1, 1], ["door"]).with("x");
    for (const value of [0.05, 0.1, 0.5, 7]) seconds.observe(value);
    expect(registry.render()).toBe(
      [
        "# HELP calls_total Calls.",
        "# TYPE calls_total counter",
        'calls_total{method="a\\"b\\\\c\\n"} 2',
        "# HELP running Running.",
        "# TYPE running gauge",
        "running 3",
        "# HELP seconds Time.",
        "# TYPE seconds histogram",
        'seconds_bucket{door="x",le="0.1"} 2',
        'seconds_bucket{door="x",le="1"} 3',
        'seconds_bucket{door="x",le="+Inf"} 4',
        'seconds_sum{door="x"} 7.65',
        'seconds_count{door="x"} 4',
        "",
      ].join("\n"),
    );
  });

  test("gives the same series for the same labels, and asks for all of them", () => {
    const family = new MetricRegistry().counter("x", "X.", ["a", "b"]);
    expect(family.with("1", "2")).toBe(family.with("1", "2"));
    expect(family.with("1", "2")).not.toBe(family.with("12", ""));
    expect(() => family.with("1")).toThrow("2 labels");
  });

  test("refuses a name declared twice", () => {
    const registry = new MetricRegistry();
    registry.counter("x", "X.");
    expect(() => registry.gauge("x", "X.")).toThrow("declared twice");
  });

  test("collects before rendering", () => {
    const registry = new MetricRegistry();
    const gauge = registry.gauge("x", "X.").with();
    registry.onCollect(() => gauge.set(gauge.value + 1));
    expect(registry.render()).toContain("x 1");
    expect(registry.render()).toContain("x 2");
  });
});
