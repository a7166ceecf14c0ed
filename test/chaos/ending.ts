import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { retryUntil, within } from "../harness/retry.js"
import { type Census, findLeaks, type Leak, leakCount, takeCensus } from "./census.js"
import type { Daemon } from "./daemon.js"
import type { Run } from "./run.js"

/** Whoever left what open. */
export interface Leaks {
  readonly managers: readonly Leak[]
  readonly clients: readonly Leak[]
}

const quietBudgetMs = 30_000
const auditBudgetMs = 60_000

/** What each manager has open once a first client has come and gone. */
export async function takeBaselines(run: Run): Promise<Map<Daemon, Census>> {
  await audit(run)
  await quiet(run.main)
  const isKept = run.options.layout
  const census = ({ pid }: Daemon) => (isKept ? withKeeper(takeCensus(pid)) : takeCensus(pid))
  return new Map([run.main, run.source].map((daemon) => [daemon, census(daemon)]))
}

/** Of layout events' sake a manager starts a process, and holds that one's pidfd and its own. */
function withKeeper(census: Census): Census {
  const pidfd = "anon_inode:[pidfd]"
  return new Map(census).set(pidfd, (census.get(pidfd) ?? 0) + 2)
}

/** Lets every client end in order. */
export async function endClients({ fleet }: Run): Promise<Leak[]> {
  const leaks = await Promise.all(fleet.members.map((member) => member.stop()))
  return leaks.flat()
}

/** Compares the board with the books, and tells how many additions those hold. */
export async function audit({ fleet, findings }: Run): Promise<number> {
  const [command = "", ...args] = fleet.auditCommand()
  const running = promisify(execFile)(command, args).catch((error) => error as { stdout?: string })
  const { stdout = "" } = await within("the audit", auditBudgetMs, running).catch(() => ({
    stdout: "",
  }))
  for (const line of stdout.split("\n").filter((text) => text.startsWith("wrong "))) {
    findings.wrong(line)
  }
  const additions = /^audited (\d+)$/m.exec(stdout)?.[1]
  if (additions !== undefined) return Number(additions)
  findings.lost("audit", 0, `it did not come to its end: ${stdout.trim()}`)
  return 0
}

/** No session is left. */
async function quiet(daemon: Daemon): Promise<void> {
  await retryUntil(`${daemon.name} without sessions`, quietBudgetMs, async () => {
    return (await daemon.lookAtStats())?.sessions === 0
  })
}

/** What they have open that they did not have before the first client; then SIGTERM. */
export async function endDaemons(run: Run, baselines: Map<Daemon, Census>): Promise<Leak[]> {
  const leaks: Leak[] = []
  for (const [daemon, before] of baselines) {
    leaks.push(...(await leaksOf(daemon, before).catch(() => [])))
    try {
      await quiet(daemon)
      await daemon.terminate()
    } catch (error) {
      run.findings.manager((error as Error).message)
      await daemon.kill()
    }
  }
  return leaks
}

/** What is closed a moment later is no leak. */
async function leaksOf(daemon: Daemon, before: Census): Promise<Leak[]> {
  const look = () => findLeaks(before, takeCensus(daemon.pid))
  const closed = retryUntil("closed descriptors", quietBudgetMs, () => leakCount(look()) === 0)
  return (await closed.catch(() => false)) ? [] : look()
}
