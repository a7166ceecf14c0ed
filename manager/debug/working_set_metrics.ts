import type { WorkingSetView } from "../view.js"
import type { MetricSet, Series } from "./metric_set.js"

/** One series for each image's newest set: an older one of that name is nobody's any more. */
export function addWorkingSets(metrics: MetricSet, sets: readonly WorkingSetView[]): void {
  const newest = [...new Map(sets.toReversed().map((set) => [set.image, set])).values()]
  const byImage = (value: (set: WorkingSetView) => number): Series =>
    newest.map((set) => [{ image: set.image }, value(set)])
  metrics.gauge(
    "pagerd_working_set_pages",
    "Pages that are replayed to who maps the image.",
    byImage(({ pages }) => pages),
  )
  metrics.gauge(
    "pagerd_working_set_on",
    "1 while it is replayed, 0 while runs need too little of it.",
    byImage(({ state }) => (state === "on" ? 1 : 0)),
  )
  metrics.gauge(
    "pagerd_working_set_hit_ratio",
    "Of the pages that are replayed, how many a run needs; absent before that was seen.",
    newest.flatMap(({ image, hit_ratio: ratio }) =>
      ratio === null ? [] : [[{ image }, ratio] as const],
    ),
  )
  metrics.counter(
    "pagerd_working_set_replays_total",
    "Replays that came to their end.",
    byImage(({ replays }) => replays),
  )
  metrics.counter(
    "pagerd_working_set_pages_replayed_total",
    "Pages that replays have installed.",
    byImage(({ pages_replayed }) => pages_replayed),
  )
  metrics.counter(
    "pagerd_working_set_pages_missed_total",
    "Pages that runs asked for in spite of a replay, which did not have them.",
    byImage(({ pages_missed }) => pages_missed),
  )
  metrics.counter(
    "pagerd_working_set_pages_late_total",
    "Pages that runs asked for before the replay had come to them.",
    byImage(({ pages_late }) => pages_late),
  )
}
