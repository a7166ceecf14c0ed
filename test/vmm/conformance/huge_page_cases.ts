import { withHugePages } from "../huge_pages.js"
import { hugePageBytes } from "../vmm_program.js"
import { type Bed, right } from "./bed.js"
import type { Case } from "./cases.js"

const smallPerHuge = hugePageBytes / 4096
/** How many a case touches: a machine has few of them. */
const touched = 4

function memoryOf(bed: Bed): { memory: number[]; count: number } {
  const count = Math.ceil(bed.pages / smallPerHuge)
  return { memory: [hugePageBytes, (count - 1) * hugePageBytes], count }
}

export const hugePageCases: readonly Case[] = [
  {
    name: "huge-pages",
    claim: "pages of 2 MiB are served whole",
    run: (bed) =>
      withHugePages(touched, async () => {
        const { memory, count } = memoryOf(bed)
        const vm = await bed.vm({ memory, pageBytes: hugePageBytes })
        const seen = Math.min(touched - 1, count - 1)
        right(await vm.order("inspect", 0, seen))
        right(await vm.order("inspect", count - 1, 1))
      }),
  },
  {
    name: "huge-pages-removed",
    claim: "pages of 2 MiB that were given back read as zeros",
    run: (bed) =>
      withHugePages(touched, async () => {
        const { memory } = memoryOf(bed)
        const vm = await bed.vm({ memory, pageBytes: hugePageBytes })
        right(await vm.order("walk", 0, 1, 1, 1))
        await vm.order("balloon", 0, 2)
        right(await vm.order("inspect", 0, 2))
      }),
  },
]
