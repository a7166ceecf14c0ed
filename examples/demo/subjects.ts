import { indexRecipe } from "./images/index_image.js"
import type { Recipe } from "./images/recipe.js"
import { sqliteRecipe } from "./images/sqlite_image.js"
import type { Options } from "./options.js"
import type { Way } from "./workers/messages.js"

/** One image and what workers do with it. */
export interface Subject {
  readonly title: string
  readonly recipe: Recipe<unknown>
  /** The worker's program, to be forked. */
  readonly program: URL
  /** pagerd comes first; the rest is what one would do without. */
  readonly ways: readonly Way[]
  /** What the reader of the table should know. */
  readonly remark: string
  /** How a table's column names each way. */
  readonly wayNames: Readonly<Record<Way, string>>
}

export function subjectsOf({ rows, indexMib }: Options): Subject[] {
  return [
    {
      title:
        "SQLite in WebAssembly: a database inside the linear memory, queries by index and by range",
      recipe: sqliteRecipe(rows),
      program: new URL("./workers/sqlite_worker.js", import.meta.url),
      ways: ["pagerd", "copy"],
      remark: "",
      wayNames: { pagerd: "pagerd", copy: "copied", pread: "pread", cold: "cold" },
    },
    {
      title: "A generated index: random look-ups, every page's checksum and every record verified",
      recipe: indexRecipe(indexMib),
      program: new URL("./workers/index_worker.js", import.meta.url),
      ways: ["pagerd", "copy", "pread"],
      remark:
        "pread is the way to beat: the file is local here, and the code knows that it reads one.",
      wayNames: { pagerd: "pagerd", copy: "read whole", pread: "pread", cold: "cold" },
    },
  ]
}
