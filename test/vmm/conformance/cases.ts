import { type Handshake, handshakes } from "../vmm_program.js"
import { type Bed, right, walkAll } from "./bed.js"
import { hugePageCases } from "./huge_page_cases.js"
import { neighbourCases } from "./neighbour_cases.js"
import { removalCases } from "./removal_cases.js"

/** One thing that a page fault manager has to get right. `run` throws what went wrong. */
export interface Case {
  /** For the command line: short, unique. */
  readonly name: string
  readonly claim: string
  /** An answer is why the case could not be tried on this machine. */
  readonly run: (bed: Bed) => Promise<string | undefined> | Promise<void>
}

const senderOf = (handshake: Handshake): string =>
  handshake.startsWith("1.") ? `Firecracker ${handshake}` : handshake

const messageCases: readonly Case[] = [
  ...handshakes.map(
    (handshake): Case => ({
      name: `message-${handshake}`,
      claim: `the message of ${senderOf(handshake)} is understood`,
      run: async (bed) => {
        const vm = await bed.vm({ handshake })
        await walkAll(vm, 1)
        // Before 1.12 the socket has long been closed by now, and the VM lives.
        right(await vm.order("check", 0, 300))
      },
    }),
  ),
  {
    name: "message-in-parts",
    claim: "a message that comes in twelve reads is understood",
    run: async (bed) => walkAll(await bed.vm({ split: 12 }), 2),
  },
]

const contentCases: readonly Case[] = [
  {
    name: "one-region",
    claim: "pages all over the memory file are the file's",
    run: async (bed) => {
      const vm = await bed.vm({ memory: [bed.pages * 4096] })
      await walkAll(vm, 3)
      right(await vm.order("inspect", 0, 256))
    },
  },
  {
    name: "two-regions",
    claim: "each region begins at its own offset, and ends where it ends",
    run: async (bed) => {
      const vm = await bed.vm()
      right(await vm.order("walk", 200, 100, 1, 4))
      right(await vm.order("inspect", 250, 14))
      right(await vm.order("inspect", bed.pages - 4, 4))
    },
  },
  {
    name: "beyond-the-file",
    claim: "memory that the file does not reach is zeros, as hotplugged memory is",
    run: async (bed) => {
      const vm = await bed.vm({ memory: [...bed.memory, 1024 * 4096] })
      right(await vm.order("walk", bed.pages - 16, 16 + 1024, 1, 5))
      right(await vm.order("inspect", bed.pages - 1, 16))
    },
  },
  {
    name: "writes-stay",
    claim: "what the guest writes stays, and what it does not write is the file's",
    run: async (bed) => {
      const vm = await bed.vm({ vcpus: 2 })
      right(await vm.order("random", 3000, 6, 40))
      right(await vm.order("write", 0, 300, 7))
      right(await vm.order("check", 0, 600))
      right(await vm.order("inspect", 0, 600))
    },
  },
  {
    name: "same-page",
    claim: "all vCPUs that wait for one page get it",
    run: async (bed) => {
      const vm = await bed.vm({ vcpus: 4 })
      right(await vm.order("storm", 0, 1000, 8))
    },
  },
  {
    name: "kicked",
    claim: "vCPUs that are interrupted while they wait get their pages all the same",
    run: async (bed) => {
      const vm = await bed.vm({ vcpus: 3 })
      await vm.order("start", "storm", 0, 1000, 9)
      for (let i = 0; i < 20; i++) await vm.order("kick", 50)
      right(await vm.order("wait"))
    },
  },
  {
    name: "device",
    claim: "the VMM's own thread gets pages before the guest runs",
    run: async (bed) => {
      const vm = await bed.vm({ isPaused: true })
      right(await vm.order("inspect", 0, 64))
      await vm.order("resume")
      await walkAll(vm, 9)
    },
  },
]

export const cases: readonly Case[] = [
  ...messageCases,
  ...contentCases,
  ...removalCases,
  ...neighbourCases,
  ...hugePageCases,
]
