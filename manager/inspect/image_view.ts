import type { NativeEngine } from "../engine/native.js"
import type { Image } from "../images/registry.js"
import type { ImageView } from "../view.js"

export function imageView(image: Image, engine: Pick<NativeEngine, "imageSnapshot">): ImageView {
  const snapshot = engine.imageSnapshot(image.image)
  const failure = snapshot?.failure ?? ""
  const health = image.fills?.health()
  return {
    name: image.name,
    source: image.source,
    layers: image.paths,
    state: failure === "" ? "ready" : "failed",
    length_bytes: Number(image.lengthBytes),
    resident_bytes: Number(snapshot?.residentBytes ?? 0n),
    zero_bytes: Number(snapshot?.zeroBytes ?? 0n),
    fully_resident: snapshot?.isFullyResident ?? false,
    writable: image.isWritable,
    allow_uids: image.owner === undefined ? (image.rule.allowUids ?? null) : [image.owner],
    allow_gids: image.rule.allowGids ?? null,
    bytes_read: Number(snapshot?.bytesRead ?? 0n),
    fills: snapshot?.fills ?? 0,
    fill_failures: snapshot?.fillFailures ?? 0,
    source_state: health?.state ?? (failure === "" ? "ok" : "failing"),
    source_read_failures: health?.readFailures ?? 0,
    source_opened: health?.opened ?? 0,
    source_reads_in_flight: health?.readsInFlight ?? 0,
    source_reads_abandoned: health?.readsAbandoned ?? 0,
    // Not the engine's count: it never hears of regions of mode cow.
    regions: image.regions,
    last_error: failure !== "" ? failure : (image.lastError ?? null),
  }
}
