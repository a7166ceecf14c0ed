import { Command } from "commander"
import { packageVersion } from "../version.js"
import { addDoctor } from "./doctor/doctor.js"
import { exitCodesHelp } from "./failure.js"
import { addImage } from "./image.js"
import { addListen } from "./listen.js"
import { addPaths } from "./paths.js"
import { addPs } from "./ps.js"
import { addServe } from "./serve/serve.js"
import { addStats } from "./stats.js"
import { addSystemd } from "./systemd.js"
import { addTop } from "./top/top.js"
import { addTrace } from "./trace.js"
import { addWorkingSet } from "./workingset.js"

/**
 * The `pagerd` command with all of its subcommands. Parsing throws instead of ending the process.
 */
export function createProgram(): Command {
  const program = new Command("pagerd")
    .description("pages memory into many processes: a userfaultfd manager for Linux")
    .version(packageVersion())
    .showHelpAfterError("Run it with --help to see how it is used.")
    .exitOverride()
    .addHelpText("after", `${example}${exitCodesHelp}`)
  addServe(program)
  addImage(program)
  addListen(program)
  addPs(program)
  addStats(program)
  addTop(program)
  addTrace(program)
  addDoctor(program)
  addPaths(program)
  addSystemd(program)
  addWorkingSet(program)
  return program
}

const example = `
Example:
  pagerd serve --image model=./model.bin &
  pagerd ps --regions

Environment:
  PAGERD_SOCKET, PAGERD_DEBUG_SOCKET, PAGERD_STATE_DIR   where flags do not say it
  NO_COLOR                                               no colours
`
