import type { Way } from "../command.js"
import { GuestRun } from "./guest_run.js"
import { guestHelpText } from "./help.js"
import { type GuestOptions, readGuestOptions } from "./options.js"
import type { GuestReport } from "./report.js"
import { formatGuestProgress, formatGuestReport } from "./report_text.js"

/** `npm run chaos -- --guest`. */
export const guests: Way<GuestOptions, GuestReport> = {
  helpText: guestHelpText,
  readOptions: readGuestOptions,
  begin: (options, tell) => new GuestRun(options, tell),
  formatReport: formatGuestReport,
  formatProgress: formatGuestProgress,
}
