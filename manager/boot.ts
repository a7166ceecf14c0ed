import { readFileSync } from "node:fs"

/** Processes and memory end with the boot; what is noted of them is good for this one only. */
export const bootId = (): string => readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim()
