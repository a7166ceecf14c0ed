const actions = new Set<() => void>()

process.once("exit", () => {
  for (const action of actions) action()
})

/** Has `action` run when this process exits. The answer takes that back. */
export function atExit(action: () => void): () => void {
  actions.add(action)
  return () => void actions.delete(action)
}
