import type { ConfigInput } from "../../config.js"

type Recorded = NonNullable<NonNullable<ConfigInput["workingSets"]>["images"]>

/** "all", "none", or names of images with commas between them. */
export function recordedImages(text: string): Recorded {
  return text === "all" || text === "none" ? text : text.split(",").filter((name) => name !== "")
}
