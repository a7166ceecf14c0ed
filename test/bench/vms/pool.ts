import { withHugePages } from "../../vmm/huge_pages.js"
import { hugePageBytes } from "../../vmm/vmm_program.js"
import type { Want } from "./room.js"

/** Huge pages that the VMs will have as their own. */
export const poolPages = ({ vms, ownShare, imageBytes }: Want): number =>
  vms * Math.ceil((ownShare * imageBytes) / hugePageBytes)

/** Runs `use` with as many huge pages as it wants, if any. Answers why they cannot be had. */
export async function withPool(
  want: Want & { readonly pageBytes: number },
  use: () => Promise<void>,
): Promise<string | undefined> {
  if (want.pageBytes === hugePageBytes) return withHugePages(poolPages(want), use)
  await use()
  return undefined
}
