import { connect, type Socket } from "node:net"
import { right, walkAll } from "./bed.js"
import type { Case } from "./cases.js"

/** A connection that sends this text, and no descriptor. */
function connected(path: string, text: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path, () => socket.write(text, () => resolve(socket)))
    // Whatever becomes of it later is the manager's choice.
    socket.on("error", reject)
    socket.resume()
  })
}

export const neighbourCases: readonly Case[] = [
  {
    name: "two-vms",
    claim: "two VMs are served at once",
    run: async (bed) => {
      const [first, second] = [await bed.vm(), await bed.vm()]
      await Promise.all([walkAll(first, 1), walkAll(second, 2)])
      right(await second.order("write", 0, 100, 3))
      right(await first.order("inspect", 0, 100))
    },
  },
  {
    name: "killed-neighbour",
    claim: "a VM that is killed while it faults harms no other",
    run: async (bed) => {
      const [dying, living] = [await bed.vm(), await bed.vm()]
      await dying.order("start", "walk", 0, bed.pages, 1, 1)
      await living.order("start", "walk", 0, Math.min(bed.pages, 4096), 1, 2)
      await dying.kill()
      right(await living.order("wait"))
      await walkAll(await bed.vm(), 3)
    },
  },
  {
    name: "silent-neighbour",
    claim: "a connection that says nothing delays no VM",
    run: async (bed) => {
      const silent = await connected(bed.options.socket, "")
      await walkAll(await bed.vm(), 4).finally(() => silent.destroy())
    },
  },
  {
    name: "senseless-neighbour",
    claim: "connections that send nonsense, or no descriptor, cost only themselves",
    run: async (bed) => {
      const region = '{"base_host_virt_addr":4096,"size":4096,"offset":0}'
      const texts = ["{]", "\u0000\u0001", `[${region}]`, "[", "[]"]
      const sockets = await Promise.all(texts.map((text) => connected(bed.options.socket, text)))
      for (const socket of sockets) socket.destroy()
      await walkAll(await bed.vm(), 5)
    },
  },
]
