import { type FaultWaiters, faultWaiters } from "../../harness/observed_process.js"
import type { VmmAnswer } from "../vmm_program.js"

/** What the tiny VMM's orders are, in the words of those who write page fault handlers. */
const doings: Readonly<Record<string, string>> = {
  walk: "the guest reads a word of each page",
  storm: "all vCPUs read a word of the same pages",
  check: "the guest reads a word of each page",
  write: "the guest writes a word of each page",
  random: "the guest reads and writes at random",
  inspect: "the VMM's own thread reads whole pages",
  balloon: "the VMM gives pages back by madvise(MADV_DONTNEED)",
  kick: "vCPUs are interrupted",
  wait: "the guest goes on meanwhile",
}

const doingOf = (order: string): string => doings[order] ?? `the VM obeys "${order}"`

/** What was wrong in an answer; undefined when nothing was. Addresses are offsets in memory. */
export function wrongWords(answer: VmmAnswer): string | undefined {
  const { order, accesses, wrong, failed, first_wrong, first_failed } = answer
  if (failed > 0) {
    const first = first_failed && `, the first at ${first_failed.address}: ${first_failed.how}`
    return `${doingOf(order)}: ${failed} of ${accesses} accesses failed${first ?? ""}`
  }
  if (wrong === 0) return undefined
  const { address, found, wanted } = first_wrong ?? { address: "?", found: "?", wanted: "?" }
  const first = `the first at ${address} of memory: found ${found}, wanted ${wanted}`
  return `${doingOf(order)}: ${wrong} of ${accesses} wrong; ${first}`
}

const lateAnswer = /^the answer to "(?:start )?(\w+)[^"]*" ?: (took longer than \d+ ms)$/

const noUserfaultfd = "userfaultfd: Operation not permitted"
const openToAll = "be root, or have root set vm.unprivileged_userfaultfd to 1"

/** Why a case failed: of an order that was not answered in time, who waits for what. */
export function failureWords(message: string, pids: readonly number[]): string {
  const [, order, took] = lateAnswer.exec(message) ?? []
  if (message.includes(noUserfaultfd)) return `${message.trimEnd()}: ${openToAll}`
  if (order === undefined) return message.trimEnd()
  const event = order === "balloon" ? ["it waits until its UFFD_EVENT_REMOVE is read"] : []
  const waits = pids.map(faultWaiters).filter(({ total }) => total > 0)
  return [`${doingOf(order)}: ${took}`, ...event, ...waits.map(waitWords)].join("; ")
}

const waitWords = ({ pending, total }: FaultWaiters): string =>
  `faults of the VM: ${pending} that nobody has read, ${total - pending} read and not resolved`
