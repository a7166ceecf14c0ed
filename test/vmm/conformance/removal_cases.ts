import { right } from "./bed.js"
import type { Case } from "./cases.js"

const rounds = 4
const raced = 1024

export const removalCases: readonly Case[] = [
  {
    name: "removed-after-touch",
    claim: "pages that the guest had and gave back read as zeros",
    run: async (bed) => {
      const vm = await bed.vm()
      right(await vm.order("walk", 0, 600, 1, 1))
      right(await vm.order("write", 100, 50, 2))
      await vm.order("balloon", 50, 500)
      right(await vm.order("inspect", 0, 600))
    },
  },
  {
    name: "removed-before-touch",
    claim: "pages that were given back before their first touch read as zeros",
    run: async (bed) => {
      const vm = await bed.vm()
      await vm.order("balloon", 50, 500)
      right(await vm.order("walk", 0, 600, 1, 3))
      right(await vm.order("inspect", 0, 600))
    },
  },
  {
    name: "removed-then-written",
    claim: "pages that were given back can be written, given back again, and read",
    run: async (bed) => {
      const vm = await bed.vm()
      await vm.order("balloon", 0, 300)
      right(await vm.order("write", 0, 300, 4))
      right(await vm.order("check", 0, 300))
      await vm.order("balloon", 0, 150)
      right(await vm.order("inspect", 0, 400))
    },
  },
  {
    name: "removed-while-faulting",
    claim: "no fault is lost, and no byte stale, while the balloon inflates beside the guest",
    run: async (bed) => {
      const vm = await bed.vm({ vcpus: 3 })
      for (let round = 0; round < rounds; round++) {
        await vm.order("start", "storm", 0, raced, round)
        for (let page = round; page < raced; page += 16) await vm.order("balloon", page, 4)
        right(await vm.order("wait"))
      }
      right(await vm.order("inspect", 0, raced))
    },
  },
]
