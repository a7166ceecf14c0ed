import { test } from "uvu"
import * as assert from "uvu/assert"
import { findMismatch, patternFile } from "../harness/pattern.js"
import { ImageClient } from "./image_client.js"
import { mappedFile, memoryAt, registeredMemory } from "./own_memory.js"
import { serveInTest } from "./serving.js"

const lengthBytes = 16 * 4096

test("it is refused by name, and copies go on with the same userfaultfd", async () => {
  const manager = await serveInTest({ images: { model: patternFile(lengthBytes, 1) } })
  const client = await ImageClient.connect(manager.socket, 0n)
  const { descriptor, image_id } = await client.ask("model")
  const file = mappedFile(descriptor ?? -1, lengthBytes, "private")
  const memory = registeredMemory(client.userfaultfd, lengthBytes)
  const share = { mode: "share", imageId: image_id, address: file, lengthBytes } as const

  const refusal = await client.serve("model", share).catch((error: Error) => error.message)
  await client.serve("model", { mode: "copy", address: memory, lengthBytes })

  assert.match(String(refusal), /"unsupported_mode".*without the feature MINOR_SHMEM/)
  assert.is(findMismatch(memoryAt(memory, lengthBytes), 1, 0), -1)
  assert.is(manager.inspect.regions().length, 1)
  client.close()
  await manager.close()
})

test.run()
