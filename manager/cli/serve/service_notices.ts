import { loadNative } from "../../engine/load.js"

export type Notice = (text: string) => void

/**
 * Tells systemd how the service does, where systemd asked for it (Type=notify). Whoever asked takes
 * what it gets: a notice that does not arrive must not end a manager that serves.
 */
export function serviceNotices(
  environment: NodeJS.ProcessEnv,
  onFailure: (reason: unknown) => void,
): Notice {
  const path = environment.NOTIFY_SOCKET
  if (!path) return () => {}
  return (text) => {
    try {
      loadNative().sendDatagram(path, text)
    } catch (error) {
      onFailure(error)
    }
  }
}
