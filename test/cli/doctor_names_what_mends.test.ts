import { constants } from "node:os"
import { test } from "uvu"
import * as assert from "uvu/assert"
import type { Check } from "../../manager/cli/doctor/check.js"
import {
  descriptorCheck,
  kernelCheck,
  memoryLimitCheck,
  overcommitCheck,
} from "../../manager/cli/doctor/machine_checks.js"
import {
  type UserfaultfdFacts,
  userfaultfdChecks,
} from "../../manager/cli/doctor/userfaultfd_checks.js"
import type { KernelProbe } from "../../manager/engine/kernel_probe.js"
import { startFakeDebugSocket } from "../debug/fake_debug_socket.js"
import { scratchDirectory } from "../harness/scratch.js"
import { skipLoudly } from "../harness/skip.js"
import { asUid, isRoot, nobody } from "../harness/user.js"
import { runPagerd } from "./run_pagerd.js"

const { EACCES, ENOENT, ENOSYS, EPERM } = constants.errno

const everything: KernelProbe = {
  way: "device",
  deviceErrno: 0,
  systemCallErrno: 0,
  userModeErrno: 0,
  memfdErrno: 0,
  features: 0x1ffff,
  ioctls: 0x1bcn,
}

function checksOf(probe: Partial<KernelProbe>, facts: Partial<UserfaultfdFacts> = {}) {
  const found = userfaultfdChecks({
    probe: { ...everything, ...probe },
    kernelRelease: "6.18.0",
    unprivileged: "0",
    user: "ann",
    ...facts,
  })
  return (name: string): Check => {
    const check = found.find((candidate) => candidate.name === name)
    if (check === undefined) throw new Error(`no check named ${name}`)
    return check
  }
}

test("a kernel and a user that can do everything have no complaint", () => {
  const check = checksOf({})

  for (const name of ["userfaultfd", "device", "system call", "operations", "features"]) {
    assert.is(check(name).status, "ok", name)
  }
})

test("a device that may not be opened is mended with chown, the call with sysctl", () => {
  const check = checksOf({ way: "user_mode_only", deviceErrno: EACCES, systemCallErrno: EPERM })

  assert.is(check("userfaultfd").status, "warn")
  assert.match(check("userfaultfd").remedy ?? "", /^sudo pagerd serve/)
  assert.match(check("device").remedy ?? "", /^sudo chown ann \/dev\/userfaultfd/)
  assert.is(check("system call").remedy, "sudo sysctl -w vm.unprivileged_userfaultfd=1")
})

test("a device that is missing is made, or wants a newer kernel", () => {
  const missing = { way: "system_call", deviceErrno: ENOENT } as const

  assert.match(checksOf(missing)("device").remedy ?? "", /mknod .*\/dev\/userfaultfd c 10 /)
  assert.match(checksOf(missing, { kernelRelease: "5.15.0" })("device").remedy ?? "", /Linux 6\.1/)
})

test("what nothing here can mend is said in a sentence", () => {
  const filtered = checksOf(
    { way: "none", deviceErrno: EPERM, systemCallErrno: EPERM },
    { unprivileged: "1" },
  )
  const absent = checksOf({ way: "none", deviceErrno: ENOENT, systemCallErrno: ENOSYS })

  assert.is(filtered("userfaultfd").status, "fail")
  assert.match(filtered("system call").remedy ?? "", /seccomp/)
  assert.match(absent("system call").remedy ?? "", /CONFIG_USERFAULTFD/)
})

test("a missing operation fails where nothing works without it, and else warns", () => {
  const withoutPoison = checksOf({ ioctls: 0x0bcn, features: 0x3fff })
  const withoutCopy = checksOf({ ioctls: 0x1b4n })

  assert.is(withoutPoison("operations").status, "warn")
  assert.match(withoutPoison("operations").found, /lacks POISON$/)
  assert.match(withoutPoison("features").remedy ?? "", /Linux 6\.6/)
  assert.is(withoutCopy("operations").status, "fail")
  assert.match(withoutCopy("operations").found, /lacks COPY$/)
})

test("limits of the machine are judged by their figures", () => {
  const limits = (hard: string) =>
    `Max open files            1024                 ${hard}     files`

  assert.is(kernelCheck("5.10.0-8-amd64").status, "fail")
  assert.is(kernelCheck("6.5.13").status, "warn")
  assert.is(kernelCheck("6.6.0").status, "ok")
  assert.is(kernelCheck("10.0.1").status, "ok")
  assert.is(descriptorCheck(limits("1024")).status, "warn")
  assert.is(descriptorCheck(limits("524288")).status, "ok")
  assert.is(overcommitCheck("2").remedy, "sudo sysctl -w vm.overcommit_memory=0")
  assert.is(overcommitCheck("0").status, "ok")
  assert.is(memoryLimitCheck([]).status, "ok")
  const nested = [
    { group: "a", bytes: 2 ** 28 },
    { group: "a/b", bytes: 2 ** 34 },
  ]
  assert.match(memoryLimitCheck(nested).found, /^256 MiB, by the control group a:/)
})

test("the command looks at this machine, and at the manager it finds", async () => {
  const debug = await startFakeDebugSocket()
  const with_ = await runPagerd(["doctor", "--json", "--debug-socket", debug.path])
  await debug.close()
  const without = await runPagerd(["doctor", "--debug-socket", debug.path])

  const checks = with_.json() as Check[]
  const failed = checks.filter(({ status }) => status === "fail")
  assert.is(with_.code, failed.length === 0 ? 0 : 1)
  assert.is(checks.find(({ name }) => name === "engine")?.status, "ok")
  assert.is(checks.find(({ name }) => name === "manager")?.status, "ok")
  assert.match(without.stdout, /^warn {2}manager +no pagerd listens on .*\n +pagerd serve$/m)
})

test("an unprivileged user is told what it lacks", async () => {
  if (!isRoot) return skipLoudly("root", "running doctor as another user")
  const env = { PAGERD_DEBUG_SOCKET: `${scratchDirectory()}/none`, XDG_RUNTIME_DIR: "" }

  const run = await runPagerd(["doctor", "--json"], { env, spawn: asUid(nobody) })
  const check = (name: string) => (run.json() as Check[]).find((found) => found.name === name)

  assert.is(run.stderr, "")
  assert.match(check("device")?.remedy ?? "", /chown nobody /)
  assert.is(check("socket directory")?.status, "warn")
  assert.match(check("socket directory")?.remedy ?? "", /^pagerd serve --socket/)
})

test.run()
