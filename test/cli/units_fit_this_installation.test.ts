import { execFileSync, spawn } from "node:child_process"
import { chownSync, closeSync, openSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "uvu"
import * as assert from "uvu/assert"
import { quoted } from "../../manager/cli/systemd.js"
import { startCClient } from "../harness/c_client.js"
import { DebugSocket } from "../harness/debug_socket.js"
import { layoutFeatures, startLayoutClient } from "../harness/layout_client.js"
import { OwnedProcess } from "../harness/owned_process.js"
import { patternFile } from "../harness/pattern.js"
import { pagerdCommand, repository } from "../harness/repository.js"
import { retryUntil } from "../harness/retry.js"
import { scratchDirectory } from "../harness/scratch.js"
import { skipLoudly } from "../harness/skip.js"
import { isRoot, nobody } from "../harness/user.js"
import { RawClient } from "../manager/raw_client.js"
import { runPagerd } from "./run_pagerd.js"

const unitOf = async (...args: string[]) => (await runPagerd(["systemd", ...args])).stdout

const hasLine = (unit: string, line: string) => unit.split("\n").includes(line)

function isPresent(program: string): boolean {
  try {
    execFileSync("sh", ["-c", `command -v ${program}`])
    return true
  } catch {
    return false
  }
}

test("the service starts this program with this Node", async () => {
  const [root, user] = [await unitOf(), await unitOf("--user")]

  for (const unit of [root, user]) {
    assert.match(unit, new RegExp(`^ExecStart=${process.execPath} ${pagerdCommand} serve$`, "m"))
    assert.match(unit, /^Type=notify$/m)
    assert.match(unit, /^WatchdogSec=60s$/m)
    assert.not.match(unit, /@COMMAND@/)
  }
  assert.match(root, /^DeviceAllow=\/dev\/userfaultfd rw$/m)
  assert.not.match(user, /CapabilityBoundingSet/)
})

test("sockets are where clients look, and the debug socket is closed to others", async () => {
  assert.match(await unitOf("--socket"), /^ListenSequentialPacket=%t\/pagerd\/pagerd\.sock$/m)
  const debug = await unitOf("--socket", "debug")
  assert.match(debug, /^ListenStream=%t\/pagerd\/debug\.sock$/m)
  assert.match(debug, /^SocketMode=0600$/m)
})

test("what clients rely on while no manager runs, and what others may not do to it", async () => {
  const [root, user] = [await unitOf(), await unitOf("--user")]
  const always = [
    "StartLimitIntervalSec=0", // Clients wait for the next one, however often it has died.
    "Restart=always",
    "KillMode=process", // Its keeper holds what forked children miss.
    "NotifyAccess=main", // Nobody else may say that its threads answer.
    "NoNewPrivileges=yes",
  ]
  const ofRoot = [
    "RuntimeDirectoryPreserve=yes", // Clients look there for the next one.
    "StateDirectoryMode=0700",
    "UMask=0077",
    "OOMScoreAdjust=-900",
    "LimitNOFILE=1048576",
    "ProtectSystem=strict",
    "DevicePolicy=closed",
  ]

  for (const directive of always) assert.ok(hasLine(user, directive), directive)
  for (const directive of [...always, ...ofRoot]) assert.ok(hasLine(root, directive), directive)
  assert.ok(hasLine(await unitOf("--socket"), "TriggerLimitIntervalSec=0"))
})

test("a path with blanks and signs of systemd's own is one word of the command", () => {
  const words = ["/opt/no de/100%", "/srv/$HOME/it's.js", "plain"].map(quoted)

  assert.equal(words, ['"/opt/no de/100%%"', '"/srv/$$HOME/it\'s.js"', "plain"])
})

test("systemd finds nothing wrong in any of them", async () => {
  if (!isPresent("systemd-analyze")) return skipLoudly("machine", "systemd-analyze is not here")
  const directory = scratchDirectory()
  const names = ["pagerd.service", "pagerd.socket", "pagerd-debug.socket"]
  const units = [await unitOf(), await unitOf("--socket"), await unitOf("--socket", "debug")]
  const paths = names.map((name) => join(directory, name))
  for (const [index, path] of paths.entries()) writeFileSync(path, units[index] ?? "")

  const words = ["verify", "--man=no", ...paths]
  const verify = new OwnedProcess("verify", spawn("systemd-analyze", words))
  const { code } = await verify.ended()

  // Two keys of 254 are unknown to older ones, which say so and go on.
  const complaints = verify.stderr.split("\n").filter((line) => {
    return line.includes(directory) && !/Unknown key '?Restart(Steps|MaxDelaySec)/.test(line)
  })
  assert.equal(complaints, [])
  assert.is(code, 0, verify.stderr)
})

/** A read-only system, no new privileges, and what is left of root's. */
const confine = `
mount --make-rprivate /
mount --bind "$0" "$0"
mount -o remount,bind,ro /
capabilities=$1; shift
exec setpriv --no-new-privs --inh-caps=-all --bounding-set="$capabilities" "$@"`

test("with the unit's capabilities on a read-only system it serves everybody's files", async () => {
  if (!isRoot) return skipLoudly("root", "mounting, and giving up capabilities")
  const directory = scratchDirectory()
  const unit = readFileSync(join(repository, "manager/systemd/pagerd.service"), "utf8")
  const kept = /^CapabilityBoundingSet=(.*)$/m.exec(unit)?.[1] ?? ""
  const capabilities = kept.split(" ").map((name) => `+${name.replace("CAP_", "").toLowerCase()}`)
  const secret = patternFile(65_536, 1)
  execFileSync("chmod", ["600", secret])
  chownSync(secret, nobody, nobody)
  const paths = ["--socket", join(directory, "pagerd.sock"), "--state-dir", join(directory, "s")]
  const debugSocket = join(directory, "debug.sock")
  const serve = [pagerdCommand, "serve", ...paths, "--debug-socket", debugSocket]
  const words = [directory, `-all,${capabilities}`, process.execPath, ...serve]
  const line = ["--mount", "sh", "-ec", confine, ...words, "--image", `secret=${secret}`]

  const manager = new OwnedProcess("a confined manager", spawn("unshare", line))
  await Promise.race([
    retryUntil("it serves", 20_000, () => manager.stdout.includes("pagerd ready")),
    manager.early(),
  ])

  const client = await startCClient(join(directory, "pagerd.sock"), nobody)
  await client.map("secret")
  const { passes_device } = await new DebugSocket(debugSocket).get<{ passes_device: boolean }>(
    "/v1/info",
  )
  assert.ok(passes_device)
  // Of a userfaultfd as it was made the manager asks for fork events, as no one else may.
  const forking = await startLayoutClient(join(directory, "pagerd.sock"))
  await forking.order("map", "secret", 16, layoutFeatures.raw)
  await forking.kill()
  // From another mount namespace than the manager's, as every client's is here.
  const publisher = new RawClient(join(directory, "pagerd.sock"))
  await publisher.greet()
  const file = openSync(patternFile(65_536, 1), "r")
  publisher.request({ type: "publish", image: "own" }, [file])
  await publisher.next("published")
  closeSync(file)
  publisher.close()
  await client.kill()
  await manager.kill()
})

test.run()
