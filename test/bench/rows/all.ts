/**
 * Every row, in the order of the table. LLNL umap is not among them: it is no build dependency.
 */
import type { Row } from "../row.js"
import { attachedMadvise, connectToMapped } from "./client.js"
import {
  colocatedP50,
  colocatedP99,
  eightFaultersRate,
  oneFaulterRate,
  singleEpollP50,
  unpinnedP50,
} from "./faults.js"
import { bulkP99, busyManagerP99, crowdedP50, stormP99 } from "./load.js"
import { resetRows } from "./reset.js"
import {
  prefaultCopy,
  prefaultMemcpy,
  prefaultTwoThreads,
  zeroRaw,
  zeroRestore,
} from "./restore.js"
import { shareRows } from "./share.js"
import { windows64, windows256, windows2048 } from "./windows.js"

export const allRows: readonly Row[] = [
  colocatedP50,
  colocatedP99,
  unpinnedP50,
  singleEpollP50,
  oneFaulterRate,
  eightFaultersRate,
  windows64,
  windows256,
  windows2048,
  prefaultCopy,
  prefaultMemcpy,
  prefaultTwoThreads,
  zeroRestore,
  connectToMapped,
  attachedMadvise,
  crowdedP50,
  bulkP99,
  busyManagerP99,
  stormP99,
  zeroRaw,
  ...shareRows,
  ...resetRows,
]
