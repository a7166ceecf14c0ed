import type { AccessRule } from "../access_rule.js"
import type { Limits } from "../config.js"
import type { Engine } from "../engine/engine.js"
import type { ImageRegistry } from "../images/registry.js"
import type { Logger } from "../log.js"
import type { SocketModule } from "../sockets/native.js"
import type { WorkingSets } from "../working_sets/working_sets.js"
import type { Registrations } from "./registrations.js"
import type { Users } from "./users.js"

/** What every session works with. */
export interface SessionServices {
  readonly engine: Engine
  readonly native: SocketModule
  readonly images: ImageRegistry
  readonly limits: Limits
  /** Who may be a client. */
  readonly clients: AccessRule
  readonly users: Users
  readonly registrations: Registrations
  readonly workingSets: WorkingSets
  readonly log: Logger
}
