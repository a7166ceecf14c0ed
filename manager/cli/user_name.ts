import { readFile } from "node:fs/promises"

/** A user's name out of /etc/passwd, or "#UID" (which sudo understands) when it has none there. */
export async function userName(uid: number): Promise<string> {
  const lines = await readFile("/etc/passwd", "utf8").then(
    (text) => text.split("\n"),
    () => [],
  )
  const name = lines.map((line) => line.split(":")).find((fields) => fields[2] === String(uid))?.[0]
  return name ?? `#${uid}`
}
