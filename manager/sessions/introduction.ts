/** What a client says of itself. */
export interface Introduction {
  readonly client: string
  readonly resumes?: boolean | undefined
  readonly resumedSession?: string | undefined
  /** It is the manager that goes on with it: the client has noticed nothing. */
  readonly isAdopted?: boolean | undefined
}
