import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { pagerdCommand } from "../harness/repository.js"
import { Daemon } from "./daemon.js"
import type { RunImages } from "./images.js"

const sourceManagerPath = fileURLToPath(new URL("source_manager_process.js", import.meta.url))

/** `pagerd serve`, with images of files. */
export function mainDaemon(parent: string, images: RunImages, logDirectory: string): Daemon {
  const directory = join(parent, "main")
  mkdirSync(directory)
  const config = join(directory, "config.toml")
  const { model, solid, board } = images
  writeFileSync(
    config,
    `[images]
${model.name} = "${model.path}"
${solid.name} = { source = "${solid.path}", load = true }
${board.name} = { source = "${board.path}", writable = true }
`,
  )
  return servingDaemon("main", directory, ["--config", config], logDirectory)
}

/** `pagerd serve`, with one image of a VM's memory file. */
export function guestDaemon(parent: string, image: string, logDirectory: string): Daemon {
  const directory = join(parent, "vms")
  mkdirSync(directory)
  return servingDaemon("vms", directory, ["--image", `vm=${image}`], logDirectory)
}

function servingDaemon(
  name: string,
  directory: string,
  images: readonly string[],
  logDirectory: string,
): Daemon {
  const serve = [pagerdCommand, "serve", ...images]
  const paths = [
    ...["--socket", join(directory, "pagerd.sock")],
    ...["--debug-socket", join(directory, "debug.sock")],
    ...["--state-dir", join(directory, "state")],
  ]
  return new Daemon(
    name,
    directory,
    (extra) => ({ args: [...serve, ...paths, ...extra], hasChannel: false }),
    logDirectory,
  )
}

/** A program with a manager in it, and an image of a page source in TypeScript. */
export function sourceDaemon(parent: string, images: RunImages, logDirectory: string): Daemon {
  const directory = join(parent, "source")
  mkdirSync(directory)
  const { name, seed, pages } = images.fetched
  const args = [sourceManagerPath, directory, name, String(seed), String(pages)]
  return new Daemon("source", directory, () => ({ args, hasChannel: true }), logDirectory)
}
