import type {
  InspectableWorkingSets,
  WorkingSetDetailView,
  WorkingSetView,
} from "../../manager/view.js"
import { MalformedWorkingSet } from "../../manager/working_sets/format.js"

/** One working set, of an image "vm/base"; a file is good when it is that of the set. */
export class FakeWorkingSets implements InspectableWorkingSets {
  sets: WorkingSetView[] = [
    {
      image: "vm/base",
      key: "0123456789abcdef0123456789abcdef",
      state: "on",
      length_bytes: 1_048_576,
      page_bytes: 4_096,
      pages: 12,
      pages_kept: 3,
      runs: 2,
      hit_ratio: 0.75,
      recorded_at: "2026-01-02T03:04:05.000Z",
      ...{ recordings: 0, replays: 5, pages_replayed: 60, pages_missed: 7, pages_late: 1 },
    },
  ]

  list(): WorkingSetView[] {
    return this.sets
  }

  find(name: string): WorkingSetDetailView | undefined {
    const set = this.sets.find(({ image }) => image === name)
    return set && { ...set, ranges: [{ offset_bytes: 8_192, length_bytes: 49_152 }] }
  }

  file(name: string): object | undefined {
    return this.find(name) && { set: name }
  }

  take(name: string, file: unknown): WorkingSetView {
    const set = this.find(name)
    if (set !== undefined && JSON.stringify(file) === JSON.stringify(this.file(name))) return set
    throw new MalformedWorkingSet("It is of nothing that is known here")
  }

  remove(name: string): boolean {
    const before = this.sets.length
    this.sets = this.sets.filter(({ image }) => image !== name)
    return this.sets.length < before
  }
}
