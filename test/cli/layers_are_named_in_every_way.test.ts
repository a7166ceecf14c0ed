import { renameSync } from "node:fs"
import { dirname, join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import type { ImageView } from "../../manager/view.js"
import { startCClient } from "../harness/c_client.js"
import { lengthOf, sourceOf, threeLayers, verifyLayers } from "../harness/layer_files.js"
import { startManager } from "../harness/manager.js"
import { runPagerd } from "./run_pagerd.js"

test("by a flag, a setting, a command and a request, as a text or as a list", async () => {
  const layers = threeLayers()
  const paths = layers.map(({ path }) => path)
  const source = sourceOf(layers)
  const list = JSON.stringify(paths)
  const config = `[images]
    text = "${source}"
    list = ${list}
    table = { source = ${list}, load = true }`
  const manager = await startManager({ images: { flag: source }, config })
  const debugSocket = ["--debug-socket", manager.paths.debugSocket]

  // Paths of a command are of the caller's directory.
  const [base = "", ...newer] = paths
  const relative = [`./${base.split("/").at(-1)}`, ...newer].join(",")
  const added = await runPagerd(["image", "add", "command", relative, ...debugSocket, "--json"], {
    spawn: { cwd: dirname(base) },
  })
  assert.is(added.code, 0, added.stderr)
  for (const [name, given] of [["request", source] as const, ["posted", paths] as const]) {
    const body = { name, source: given }
    assert.is((await manager.debug.ask("POST", "/v1/images", body)).status, 201)
  }
  const listed = await runPagerd(["image", "ls", "--json", ...debugSocket])

  const images = listed.json() as ImageView[]
  const names = images.map(({ name }) => name)
  assert.equal(names.sort(), ["command", "flag", "list", "posted", "request", "table", "text"])
  const client = await startCClient(manager.socket)
  for (const image of images) {
    assert.equal(image.layers, paths, image.name)
    assert.is(image.source, source)
    assert.is(image.length_bytes, lengthOf(layers))
    await verifyLayers(client, await client.map(image.name), layers)
  }
  await client.stop()
  await manager.stop()
})

test("a file of exactly that name goes ahead, and a list has no commas", async () => {
  const [layer] = threeLayers()
  const path = join(dirname(layer?.path ?? ""), "base,1.mem")
  renameSync(layer?.path ?? "", path)
  const manager = await startManager({ images: { flag: path } })
  const debugSocket = ["--debug-socket", manager.paths.debugSocket]

  const added = await runPagerd(["image", "add", "command", "base,1.mem", ...debugSocket], {
    spawn: { cwd: dirname(path) },
  })
  assert.is(added.code, 0, added.stderr)
  const body = { name: "listed", source: [path, path] }
  assert.is((await manager.debug.ask("POST", "/v1/images", body)).status, 201)

  const images = await manager.debug.get<ImageView[]>("/v1/images")
  const layersOf = Object.fromEntries(images.map(({ name, layers }) => [name, layers]))
  assert.equal(layersOf, { flag: [path], command: [path], listed: [path, path] })
  await manager.stop()
})

test.run()
