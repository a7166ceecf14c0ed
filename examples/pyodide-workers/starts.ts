import type { Daemon } from "../demo/daemon/daemon.js"
import { registerLoaded } from "../demo/daemon/register_loaded.js"
import type { PreparedImage } from "../demo/images/recipe.js"
import type { Way } from "../demo/workers/messages.js"
import type { PagedMode } from "./options.js"

/** One way to start CPython. */
export interface Start {
  readonly title: string
  readonly way: Way
  readonly mode: PagedMode
  /** Makes the image known to the manager, and returns its name there. */
  register(daemon: Daemon, image: PreparedImage<unknown>): Promise<string>
}

/** What one does without pagerd, then each mode on an image of which nothing is resident yet. */
export function startsOf(modes: readonly PagedMode[]): Start[] {
  const unregistered = async (): Promise<string> => "pyodide"
  return [
    { title: "from nothing", way: "cold", mode: "auto", register: unregistered },
    { title: "copied snapshot", way: "copy", mode: "auto", register: unregistered },
    ...modes.map((mode): Start => {
      const register: Start["register"] = (daemon, { path }) =>
        mode === "cow"
          ? registerLoaded(daemon, `pyodide-${mode}`, path)
          : daemon.register(`pyodide-${mode}`, path)
      return { title: `paged, ${mode}`, way: "pagerd", mode, register }
    }),
  ]
}
