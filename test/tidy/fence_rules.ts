import { dirname, join } from "node:path"
import { blank } from "./blank.js"
import { type Finding, findLines, isNative, isScript, type Rule } from "./source_file.js"

/** What the TypeScript of a top folder may import besides packages. Tests may import everything. */
const scriptFences: Readonly<Record<string, readonly string[]>> = {
  protocol: ["protocol"],
  client: ["client", "protocol"],
  manager: ["manager", "protocol"],
  // As a user's program would: the package's public entries.
  examples: ["examples", "pagerd", "pagerd/manager"],
}

/** What a folder of native/ may include besides system headers. */
const nativeFences: Readonly<Record<string, readonly string[]>> = {
  sys: ["sys"],
  image: ["image", "sys"],
  engine: ["engine", "image", "sys"],
  binding: ["binding", "engine", "image", "sys"],
  client: ["client", "sys"],
}

const importOf = /\b(?:from|import)\s*\(?\s*"([^"]+)"/

/** Examples in doc comments may show what a user imports. */
const isComment = (line: string): boolean => /^\s*(?:\*|\/[/*])/.test(line)

/** The fence's name for what a file imports; undefined for a package. */
function importTarget(path: string, specifier: string): string | undefined {
  if (specifier === "pagerd" || specifier.startsWith("pagerd/")) return specifier
  if (!specifier.startsWith(".")) return undefined
  return join(dirname(path), specifier).split("/")[0]
}

const scriptImports: Rule = {
  claim: "TypeScript imports stay within their fences",
  check: (files) =>
    findLines(files.filter(isScript), (line, { path }) => {
      const allowed = scriptFences[path.split("/")[0] ?? ""]
      const specifier = importOf.exec(line)?.[1]
      if (allowed === undefined || specifier === undefined || isComment(line)) return undefined
      const target = importTarget(path, specifier)
      if (target === undefined || allowed.includes(target)) return undefined
      return `imports ${specifier}; allowed are packages and ${allowed.join(", ")}`
    }),
  bad: [
    [{ path: "client/a.ts", text: 'import { a } from "../manager/a.js"' }],
    [{ path: "manager/a.ts", text: 'const a = await import("../client/a.js")' }],
    [{ path: "manager/debug/a.ts", text: 'export * from "../../client/index.js"' }],
    [{ path: "protocol/a.ts", text: 'import "../client/a.js"' }],
    [{ path: "manager/a.ts", text: '} from "pagerd"' }],
    [{ path: "examples/demo/a.ts", text: 'import { a } from "../../client/a.js"' }],
  ],
  good: [
    { path: "client/a.ts", text: 'import { a } from "../protocol/a.js"\nimport z from "zod"' },
    { path: "manager/debug/a.ts", text: 'import { a } from "../view.js"' },
    { path: "client/index.ts", text: ' * import { connect } from "pagerd"' },
    { path: "examples/a.ts", text: 'import { serve } from "pagerd/manager"' },
    { path: "test/e2e/a.ts", text: 'import { a } from "../../manager/a.js"' },
  ],
}

const nativeIncludes: Rule = {
  claim: "native includes stay within their fences",
  check: (files) =>
    findLines(files.filter(isNative), (line, { path }) => {
      const [top, folder = ""] = path.split("/")
      const target = /^\s*#\s*include\s+"([^"]+)"/.exec(line)?.[1]
      if (top !== "native" || target === undefined) return undefined
      const allowed = nativeFences[folder]
      if (allowed === undefined) return `native/${folder} has no fence: name what it may include`
      const parts = target.split("/")
      if (parts.length > 1 && allowed.includes(parts[0] ?? "")) return undefined
      return `includes "${target}"; allowed are ${allowed.map((name) => `${name}/`).join(", ")}`
    }),
  bad: [
    [{ path: "native/sys/a.cpp", text: '#include "engine/a.hpp"' }],
    [{ path: "native/engine/a.hpp", text: '#include "client/a.hpp"' }],
    [{ path: "native/client/a.cpp", text: '#include "engine/a.hpp"' }],
    [{ path: "native/engine/a.cpp", text: '#include "../../protocol/a.h"' }],
    [{ path: "native/elsewhere/a.cpp", text: '#include "sys/a.hpp"' }],
  ],
  good: [{ path: "native/engine/a.cpp", text: '#include "sys/a.hpp"\n#include <cstdio>' }],
}

const napi: Rule = {
  claim: "only native/binding includes napi.h",
  check: (files) =>
    findLines(files.filter(isNative), (line, { path }) =>
      /#\s*include\s*[<"](?:napi|node_api|js_native_api|v8|uv)\.h[>"]/.test(line) &&
      !path.startsWith("native/binding/")
        ? "a header of Node outside native/binding"
        : undefined,
    ),
  bad: [
    [{ path: "native/engine/a.cpp", text: "#include <napi.h>" }],
    [{ path: "native/sys/a.cpp", text: "#include <uv.h>" }],
  ],
  good: [{ path: "native/binding/addon.cpp", text: "#include <napi.h>" }],
}

/**
 * Calls of the kernel by their C names. Those that other code could well be named like count only
 * with `::`.
 */
const systemCall = new RegExp(
  "(?<![\\w.>:])(?:::(?!str)[a-z_]\\w*|ioctl|syscall|mmap|munmap|mremap|madvise|preadv2|" +
    "pread|pwrite|epoll_\\w+|memfd_create|eventfd|timerfd_\\w+|recvmsg|sendmsg|fallocate|" +
    "ftruncate|pidfd_\\w+|sched_setaffinity|poll|ppoll|fcntl)\\s*\\(",
)

const systemCalls: Rule = {
  claim: "system calls are made in native/sys and native/client/sys_* only",
  check: (files) =>
    files
      .filter((file) => isNative(file) && file.path.startsWith("native/"))
      .filter(({ path }) => !/^native\/(?:sys\/|client\/sys_)/.test(path))
      .flatMap(({ path, text }): Finding[] =>
        findLines([{ path, text: blank(text) }], (line) =>
          systemCall.test(line) ? `a system call: ${line.trim()}` : undefined,
        ),
      ),
  bad: [
    [{ path: "native/engine/a.cpp", text: "int a = ::ioctl(fd, 1, &b);" }],
    [{ path: "native/engine/a.cpp", text: "  ::close(fd);" }],
    [{ path: "native/client/agent.cpp", text: "  if (mmap(a, b) == c) return;" }],
    [{ path: "native/binding/a.cpp", text: "return epoll_wait(a, b, c, d);" }],
  ],
  good: [
    { path: "native/sys/uffd.cpp", text: "::ioctl(fd, 1, &b);" },
    { path: "native/client/sys_socket.cpp", text: "recvmsg(fd, &b, 0);" },
    {
      path: "native/engine/a.cpp",
      text: "sys::close(fd); // ::ioctl(a)\nimage.read(1); a->poll();",
    },
    { path: "native/binding/a.cpp", text: "text = ::strerrorname_np(error.code);" },
    { path: "native/engine/b.cpp", text: '::pagerd::sys::check_failed("ioctl(")' },
  ],
}

export const fenceRules = [scriptImports, nativeIncludes, napi, systemCalls]
