import { Counter, Gauge, Registry, Summary } from "prom-client"

/** One number, or one for each set of labels; all sets have the same label names. */
export type Series = number | readonly (readonly [labels: Labels, value: number])[]
type Labels = Readonly<Record<string, string>>

/** In microseconds, as the engine's histograms reckon them. */
export interface QuantilesUs {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

/**
 * The metrics of one scrape. Each scrape fills a set of its own out of one snapshot: counters are
 * set rather than counted, labels of removed images vanish, and two scrapes at once cannot mix.
 */
export class MetricSet {
  readonly #registry = new Registry()
  readonly contentType = this.#registry.contentType

  counter(name: string, help: string, series: Series): void {
    const made = new Counter(this.#configuration(name, help, series))
    for (const [labels, value] of entriesOf(series)) made.inc(labels, value)
  }

  gauge(name: string, help: string, series: Series): void {
    const made = new Gauge(this.#configuration(name, help, series))
    for (const [labels, value] of entriesOf(series)) made.set(labels, value)
  }

  summary(name: string, help: string, quantiles: QuantilesUs): void {
    this.#registry.registerMetric(new SnapshotSummary(name, help, quantiles))
  }

  text(): Promise<string> {
    return this.#registry.metrics()
  }

  #configuration(name: string, help: string, series: Series) {
    const labelNames = Object.keys(entriesOf(series)[0]?.[0] ?? {})
    return { name, help, labelNames, registers: [this.#registry] }
  }
}

function entriesOf(series: Series): readonly (readonly [Labels, number])[] {
  return typeof series === "number" ? [[{}, series]] : series
}

/**
 * A summary whose quantiles were reckoned elsewhere: prom-client's own would have to be fed every
 * single fault. A gauge with a `quantile` label would read the same, but Prometheus keeps that
 * label for summaries.
 */
class SnapshotSummary extends Summary<"quantile"> {
  readonly #us: QuantilesUs

  constructor(name: string, help: string, us: QuantilesUs) {
    super({ name, help, registers: [] })
    this.#us = us
  }

  override async get(): ReturnType<Summary<"quantile">["get"]> {
    const { p50, p90, p99, max } = this.#us
    const values = [
      { labels: { quantile: "0.5" }, value: p50 / 1e6 },
      { labels: { quantile: "0.9" }, value: p90 / 1e6 },
      { labels: { quantile: "0.99" }, value: p99 / 1e6 },
      { labels: { quantile: "1" }, value: max / 1e6 },
    ]
    return { ...(await super.get()), values }
  }
}
