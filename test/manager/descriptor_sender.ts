/**
 * A program: `descriptor_sender.js SOCKET FILE UID CONNECTIONS`. As that user it opens the file,
 * and on each connection sends it 253 times with a message that wants none. It prints a line of
 * JSON with the last words it heard on each, and one for an attempt to publish the file, and stays.
 */
import { openSync } from "node:fs"
import { RawClient } from "./raw_client.js"

const [socket = "", file = "", uid = "", connections = ""] = process.argv.slice(2)

async function lastWordsTo(message: object, descriptors: number[]): Promise<string> {
  const client = new RawClient(socket)
  client.send({ type: "hello", version: 1, client: "sender", want_device: false })
  const greeting = await client.nextOfAny()
  if (greeting.type === "error") return greeting.message
  client.request(message, descriptors)
  const answer = await client.nextOfAny()
  return answer.type === "error" ? answer.message : answer.type
}

process.setgid?.(Number(uid))
process.setuid?.(Number(uid))
const descriptor = openSync(file, "r")
const published = await lastWordsTo({ type: "publish", image: "x" }, [descriptor])
const surplus: string[] = []
for (let connection = 0; connection < Number(connections); connection += 1) {
  surplus.push(await lastWordsTo({ type: "image", image: "x" }, Array(253).fill(descriptor)))
}
console.log(JSON.stringify({ published, surplus }))
setInterval(() => {}, 60_000)
