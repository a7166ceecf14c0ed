import type { OwnedProcess } from "../harness/owned_process.js"

const started = new Set<OwnedProcess>()

/** Has the process end with the test that started it. */
export function endsWithItsTest(process: OwnedProcess): OwnedProcess {
  started.add(process)
  void process.exited.then(() => started.delete(process))
  return process
}

/** For `test.after.each`: ends VMs and managers, whatever became of the test. */
export async function endStarted(): Promise<void> {
  await Promise.all([...started].map((process) => process.kill()))
}
