import type { NativeEngine, RegionSnapshot, SpaceSnapshot } from "../engine/native.js"
import { hex } from "../sessions/region_book.js"
import type { Session } from "../sessions/session.js"
import type { RegionView, SessionDetailView, SessionView } from "../view.js"
import type { Watchdog } from "../watchdog/watchdog.js"
import { faultCountsView, modeCountsView, noFaults } from "./counters.js"

type SnapshotSource = Pick<NativeEngine, "spaceSnapshot" | "regionSnapshots">
type QueueSource = Pick<Watchdog, "unreadForMs">

export function sessionView(
  session: Session,
  engine: SnapshotSource,
  watchdog: QueueSource,
  regions: readonly RegionView[] = regionViews(session, engine),
): SessionView {
  const { peer, lastError } = session
  const space = session.space === undefined ? undefined : engine.spaceSnapshot(session.space)
  const pendingFaults = space?.pendingFaults ?? 0
  return {
    id: session.id,
    dialect: session.dialect,
    pid: peer.pid,
    uid: peer.uid,
    gid: peer.gid,
    command: session.command,
    client: session.client,
    parent: session.parent ?? null,
    resumed_from: session.resumedFrom ?? null,
    adopted: session.isAdopted,
    connected_at: new Date(session.connectedAtMs).toISOString(),
    state: session.state,
    population: session.population === undefined ? null : populationView(session.population),
    regions: session.regions.size,
    regions_by_mode: modeCountsView([session]),
    length_bytes: Number(session.regions.lengthBytes),
    resident_pages: regions.reduce((pages, region) => pages + region.resident_pages, 0),
    pending_faults: pendingFaults,
    oldest_pending_fault_ms: pendingFaults > 0 ? (space?.oldestPendingUs ?? 0) / 1_000 : null,
    ...oldestFaultView(space, watchdog),
    last_error: lastError === undefined ? null : errorView(lastError),
    ...faultCountsView(space ?? noFaults),
  }
}

function populationView({ state, bytesPerSecond, failure }: NonNullable<Session["population"]>) {
  return { state, bytes_per_second: bytesPerSecond, failure: failure ?? null }
}

function errorView({ code, message, atMs }: NonNullable<Session["lastError"]>) {
  return { code, message, at: new Date(atMs).toISOString() }
}

type OldestFaultView = Pick<SessionView, "oldest_fault_age_ms" | "oldest_fault_stuck_in">

/** One that nobody has read is older than any that was read after it. */
function oldestFaultView(space: SpaceSnapshot | undefined, watchdog: QueueSource): OldestFaultView {
  const unreadForMs = space && watchdog.unreadForMs(space.space)
  const place = space?.oldestFaultPlace ?? "none"
  const ageMs = place === "none" ? -1 : (space?.oldestFaultAgeMs ?? 0)
  if (unreadForMs !== undefined && unreadForMs > ageMs) {
    return { oldest_fault_age_ms: Math.round(unreadForMs), oldest_fault_stuck_in: "queue" }
  }
  if (place === "none") return { oldest_fault_age_ms: null, oldest_fault_stuck_in: null }
  return { oldest_fault_age_ms: ageMs, oldest_fault_stuck_in: place }
}

export function sessionDetailView(
  session: Session,
  engine: SnapshotSource,
  watchdog: QueueSource,
): SessionDetailView {
  const regions = regionViews(session, engine)
  return { ...sessionView(session, engine, watchdog, regions), region_list: regions }
}

export function regionViews(session: Session, engine: SnapshotSource): RegionView[] {
  const snapshots = session.space === undefined ? [] : engine.regionSnapshots(session.space)
  const byNumber = new Map<number, RegionSnapshot>()
  for (const snapshot of snapshots) byNumber.set(snapshot.region, snapshot)
  return session.regions.list().map((region) => {
    const snapshot = byNumber.get(region.region)
    return {
      session: session.id,
      region: region.region,
      image: region.image.name,
      mode: region.mode,
      mode_reason: region.why,
      access: region.access,
      on_discard: region.onDiscard,
      address: hex(region.address),
      length_bytes: Number(region.lengthBytes),
      offset_bytes: Number(region.offsetBytes),
      window_bytes: region.windowBytes,
      faults: snapshot?.faults ?? 0,
      resident_pages: snapshot?.residentPages ?? 0,
      resets: region.resets,
    }
  })
}
