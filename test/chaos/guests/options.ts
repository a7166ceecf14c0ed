import { parseArgs } from "node:util"
import type { CommonOptions } from "../command.js"
import { number, oneOf, sizeBytes, wholeNumber } from "../values.js"

/** What a test has somebody do wrong, to see it found out. */
export const guestLies = ["seed", "exit"] as const

export interface GuestOptions extends CommonOptions {
  readonly kills: number
  /** Of a VM's memory, and of the image. */
  readonly bytes: number
  readonly vms: number
  readonly vcpus: number
  readonly isPlain: boolean
  /** How long a VM may take for one order before it is lost. */
  readonly patienceMs: number
  readonly lie: (typeof guestLies)[number] | undefined
}

const mebibyte = 1 << 20
const bytesMin = 8 * mebibyte
/** A guest addresses 32 bits, and its own code lies there too. */
const bytesMax = 2560 * mebibyte
const defaultSize = "2GiB"
/** Between two kills a guest has pages to touch. */
const bytesPerKillMin = 64 * 4096

const text = { type: "string" } as const
const flag = { type: "boolean", default: false } as const
const parsed = {
  guest: flag,
  kills: text,
  size: text,
  vms: text,
  vcpus: text,
  seed: text,
  plain: flag,
  "patience-ms": text,
  json: text,
  quiet: flag,
  lie: text,
  help: flag,
} as const

/** Throws a sentence for people. Undefined when help was asked for. */
export function readGuestOptions(args: readonly string[]): GuestOptions | undefined {
  const { values } = parseArgs({ args: [...args], options: parsed })
  if (values.help) return undefined
  const { lie } = values
  const bytes = memoryBytes(values.size ?? defaultSize)
  const killsMax = Math.floor(bytes / bytesPerKillMin)
  return {
    kills: wholeNumber("kills", values.kills, { least: 1, most: killsMax, otherwise: 20 }),
    bytes,
    vms: wholeNumber("vms", values.vms, { least: 1, most: 16, otherwise: 2 }),
    vcpus: wholeNumber("vcpus", values.vcpus, { least: 1, most: 4, otherwise: 2 }),
    seed: number("seed", values.seed, Date.now() % 1_000_000),
    isPlain: values.plain,
    patienceMs: number("patience-ms", values["patience-ms"], 120_000),
    json: values.json,
    quiet: values.quiet,
    lie: lie === undefined ? undefined : (oneOf("lie", lie, guestLies) as GuestOptions["lie"]),
  }
}

function memoryBytes(text: string): number {
  const bytes = sizeBytes("size", text)
  if (bytes >= bytesMin && bytes <= bytesMax && bytes % mebibyte === 0) return bytes
  throw new Error(`--size is "${text}", wanted whole MiB from 8MiB to 2560MiB`)
}
