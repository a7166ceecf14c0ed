/** The manager, to be started inside one's own program: the package's second entry. */
export type { ConfigInput } from "./config.js"
export { ClientError, ManagerError } from "./errors.js"
export type { PageDigests } from "./images/digests.js"
export type { PageSource } from "./images/page_source.js"
export type { WantedImage } from "./images/wanted_image.js"
export type { ImageSources } from "./manager.js"
export { type Manager, type ServeOptions, serve } from "./serve.js"
export type * from "./view.js"
