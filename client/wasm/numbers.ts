import type { NumericType } from "./binary/types.js"

/**
 * Numbers of WebAssembly as their bits in hexadecimal, so that a file can hold -0, infinities and
 * integers of 64 bits. JavaScript sees one NaN only: a NaN's other bits are lost.
 */
export function bitsOf(type: NumericType, value: unknown): string {
  const view = new DataView(new ArrayBuffer(8))
  if (type === "i64") view.setBigInt64(0, value as bigint)
  else if (type === "f64") view.setFloat64(0, value as number)
  else if (type === "f32") view.setFloat32(4, value as number)
  else view.setInt32(4, value as number)
  return view.getBigUint64(0).toString(16)
}

export function fromBits(type: NumericType, bits: string): number | bigint {
  const view = new DataView(new ArrayBuffer(8))
  view.setBigUint64(0, BigInt(`0x${bits}`))
  if (type === "i64") return view.getBigInt64(0)
  if (type === "f64") return view.getFloat64(0)
  return type === "f32" ? view.getFloat32(4) : view.getInt32(4)
}
