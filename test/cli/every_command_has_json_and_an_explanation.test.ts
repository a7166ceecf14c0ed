import type { Command } from "commander"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { createProgram } from "../../manager/cli/program.js"

/** Commands that do something, by their whole name. */
function leaves(command: Command, prefix = ""): [name: string, command: Command][] {
  return command.commands.flatMap((child) => {
    const name = `${prefix}${child.name()}`
    return child.commands.length === 0 ? [[name, child]] : leaves(child, `${name} `)
  })
}

const commands = leaves(createProgram())
const optionsOf = (command: Command) => command.options.map(({ long }) => long)

test("the contract's commands are all there", () => {
  const names = commands.map(([name]) => name)
  for (const name of [
    "serve",
    "image add",
    "image ls",
    "image rm",
    "image load",
    "ps",
    "stats",
    "top",
    "trace",
    "doctor",
    "paths",
    "systemd",
    ...["ls", "show", "rm", "export", "import"].map((verb) => `workingset ${verb}`),
  ]) {
    assert.ok(names.includes(name), name)
  }
})

test("every command takes --json and says what it is for", () => {
  for (const [name, command] of commands) {
    assert.ok(optionsOf(command).includes("--json"), name)
    assert.ok(command.description().length > 10, name)
    for (const option of command.options)
      assert.ok(option.description.length > 5, `${name} ${option.long}`)
  }
})

test("every command but those that ask no manager takes --debug-socket", () => {
  for (const [name, command] of commands) {
    assert.is(
      optionsOf(command).includes("--debug-socket"),
      !["paths", "systemd"].includes(name),
      name,
    )
  }
})

test("no line of any help is wider than 100 columns", () => {
  for (const [name, command] of commands) {
    command.configureOutput({ getOutHelpWidth: () => 100 })
    let help = ""
    command.configureOutput({ writeOut: (text) => (help += text) })
    command.outputHelp()

    for (const line of help.split("\n")) assert.ok(line.length <= 100, `${name}: ${line}`)
  }
})

test.run()
