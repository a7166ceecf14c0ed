import { connect, type Pager } from "../../client/index.js"
import { type Manager, startManager } from "../harness/manager.js"

/** Runs a test body with a manager and a pager of its own, and ends both. */
export function withPager(
  run: (pager: Pager, manager: Manager) => Promise<void>,
): () => Promise<void> {
  return async () => {
    const manager = await startManager()
    try {
      const pager = await connect({ socket: manager.socket })
      try {
        await run(pager, manager)
      } finally {
        await pager.close()
      }
    } finally {
      await manager.stop()
    }
  }
}
