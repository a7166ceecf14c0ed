import { readFileSync } from "node:fs"
import { join } from "node:path"
import { type Command, Option } from "commander"
import { type JsonOption, withJson } from "./options.js"
import { print, printJson } from "./output.js"
import { packageRoot } from "./package_files.js"

interface SystemdOptions extends JsonOption {
  readonly user?: true
  /** `true` where the option has no value. */
  readonly socket?: true | "clients" | "debug"
}

export function addSystemd(program: Command): void {
  withJson(program.command("systemd"))
    .description("print a systemd unit for this installation")
    .option("--user", "of a manager for this user's own processes")
    .addOption(
      new Option(
        "--socket [which]",
        "not the service's, but that of a socket systemd opens for it: clients or debug",
      ).choices(["clients", "debug"]),
    )
    .addHelpText("after", afterHelp)
    .action(printUnit)
}

const afterHelp = `
The unit starts this program with this Node. Settings go into a drop-in (systemctl edit pagerd), as
Environment=PAGERD_SOCKET=... or as another ExecStart= with --config.

Examples:
  pagerd systemd | sudo tee /etc/systemd/system/pagerd.service
  pagerd systemd --socket | sudo tee /etc/systemd/system/pagerd.socket
  pagerd systemd --user > ~/.config/systemd/user/pagerd.service
  sudo systemctl daemon-reload && sudo systemctl enable --now pagerd.socket pagerd.service`

async function printUnit({ user, socket, json }: SystemdOptions): Promise<void> {
  const name = unitName(socket)
  // Both kinds of manager share the sockets' units: %t is the right directory in either.
  const folder = user && socket === undefined ? "manager/systemd/user" : "manager/systemd"
  const template = readFileSync(join(packageRoot, folder, name), "utf8")
  const command = [process.execPath, join(packageRoot, "dist/manager/cli/main.js")]
  const unit = template.replace("@COMMAND@", () => command.map(quoted).join(" "))
  if (json) await printJson({ name, unit })
  else await print(unit.trimEnd().split("\n"))
}

function unitName(socket: SystemdOptions["socket"]): string {
  if (socket === undefined) return "pagerd.service"
  return socket === "debug" ? "pagerd-debug.socket" : "pagerd.socket"
}

/** One word of ExecStart=, in which "%" and "$" have a meaning and blanks end a word. */
export function quoted(word: string): string {
  const plain = word.replaceAll("%", "%%").replaceAll("$", "$$$$")
  return /[\s"'\\;]/.test(plain) ? `"${plain.replace(/["\\]/g, "\\$&")}"` : plain
}
