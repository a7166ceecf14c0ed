import { connect } from "pagerd"
import type { Daemon } from "./daemon.js"

/** An image can be mapped copy-on-write once all of it is in the manager's memory. */
export async function registerLoaded(daemon: Daemon, name: string, path: string): Promise<string> {
  const registered = await daemon.register(name, path)
  const pager = await connect({ socket: daemon.socket })
  try {
    await pager.load(registered)
  } finally {
    await pager.close()
  }
  return registered
}
