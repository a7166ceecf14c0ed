import { readFileSync } from "node:fs"

let version: string | undefined

/** Of this package, as package.json says. Compiled, this file is dist/manager/version.js. */
export function packageVersion(): string {
  version ??= readVersion()
  return version
}

function readVersion(): string {
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8")
  return (JSON.parse(manifest) as { version: string }).version
}
