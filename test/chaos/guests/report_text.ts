import { figure, formatTable, mebibytes } from "../figures.js"
import type { GuestReport } from "./report.js"

/** As a table for people; `repeat` is the command that does the same again. */
export function formatGuestReport(
  report: GuestReport,
  repeat: string,
  logDirectory: string,
): string {
  const way = report.mode === "kvm" ? "under KVM" : "WITHOUT KVM"
  const rows: [string, string][] = [
    ["seed", String(report.seed)],
    ["seconds", figure(report.seconds)],
    ["guests", `${report.vms} of ${report.vcpus} vCPUs, ${way}`],
    ["image", `${mebibytes(report.image_bytes)}, ${mebibytes(report.image_disk_bytes)} on disk`],
    ["kills of the manager", figure(report.kills)],
    ["guests at work then", `${report.guests_at_work} of ${report.guests_met}`],
    ["faults", figure(report.faults)],
    ["touches", figure(report.touches)],
    ["  of these writes", figure(report.writes)],
    ["pages looked at whole", figure(report.pages_inspected)],
    ["kill to next manager, median", figure(report.back_ms_median, " ms")],
    ["kill to next manager, longest", figure(report.back_ms_max, " ms")],
    ["longest touch of a kill, median", figure(report.stall_ms_median, " ms")],
    ["longest touch of a kill, longest", figure(report.stall_ms_max, " ms")],
    ["wrong", figure(report.wrong)],
    ["failed", figure(report.failed)],
    ["lost VMs", figure(report.lost_vms)],
    ["failures of managers", figure(report.manager_failures)],
  ]
  return formatTable(rows, report, repeat, logDirectory)
}

/** One line, once a minute. */
export function formatGuestProgress(report: GuestReport): string {
  const found = report.findings.length
  return [
    `chaos: ${figure(report.seconds / 60)} min`,
    `${figure(report.kills)} kills`,
    `${figure(report.touches)} touches`,
    `${figure(report.pages_inspected)} pages looked at whole`,
    found === 0 ? "nothing found" : `${found} found`,
  ].join(", ")
}
