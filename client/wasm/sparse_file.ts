import { type FileHandle, open } from "node:fs/promises"
import { pageBytes } from "../../protocol/limits.js"

const zeroPage = Buffer.alloc(pageBytes)
const runBytesMax = 8 * 1024 * 1024

/** Writes a new file in which pages of zeros are holes. Whole pages only. */
export async function writeSparse(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, "wx")
  try {
    await file.truncate(bytes.length)
    const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    let position = 0
    while (position < content.length) {
      const start = nextPage(content, position, (isZero) => !isZero)
      const end = nextPage(content, start, (isZero) => isZero, start + runBytesMax)
      await writeAll(file, content, start, end)
      position = end
    }
  } finally {
    await file.close()
  }
}

function nextPage(
  content: Buffer,
  from: number,
  isWanted: (isZero: boolean) => boolean,
  limit = content.length,
): number {
  const end = Math.min(limit, content.length)
  let page = from
  while (page < end && !isWanted(isZeroPage(content, page))) page += pageBytes
  return page
}

const isZeroPage = (content: Buffer, page: number): boolean =>
  zeroPage.compare(content, page, page + pageBytes) === 0

async function writeAll(file: FileHandle, content: Buffer, start: number, end: number) {
  let position = start
  while (position < end) {
    const { bytesWritten } = await file.write(content, position, end - position, position)
    position += bytesWritten
  }
}
