import type { NativeEngine, RegionSnapshot } from "../engine/native.js"
import { hex } from "../sessions/region_book.js"
import type { Session } from "../sessions/session.js"
import type { RegionView, SessionDetailView, SessionView } from "../view.js"
import { faultCountsView, modeCountsView, noFaults } from "./counters.js"

type SnapshotSource = Pick<NativeEngine, "spaceSnapshot" | "regionSnapshots">

export function sessionView(
  session: Session,
  engine: SnapshotSource,
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
    connected_at: new Date(session.connectedAtMs).toISOString(),
    state: session.state,
    regions: session.regions.size,
    regions_by_mode: modeCountsView([session]),
    length_bytes: Number(session.regions.lengthBytes),
    resident_pages: regions.reduce((pages, region) => pages + region.resident_pages, 0),
    pending_faults: pendingFaults,
    oldest_pending_fault_ms: pendingFaults > 0 ? (space?.oldestPendingUs ?? 0) / 1_000 : null,
    last_error: lastError === undefined ? null : errorView(lastError),
    ...faultCountsView(space ?? noFaults),
  }
}

function errorView({ code, message, atMs }: NonNullable<Session["lastError"]>) {
  return { code, message, at: new Date(atMs).toISOString() }
}

export function sessionDetailView(session: Session, engine: SnapshotSource): SessionDetailView {
  const regions = regionViews(session, engine)
  return { ...sessionView(session, engine, regions), region_list: regions }
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
