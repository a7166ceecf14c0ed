import type { Logger } from "../log.js"
import type { FaultView, Inspectable } from "../view.js"
import { type Answer, jsonAnswer, RequestError } from "./answer.js"
import { type FollowOptions, followFaults } from "./follow.js"
import {
  faultsAnsweredDefault,
  faultsAnsweredMax,
  faultsScannedMax,
  followersMax,
} from "./limits.js"
import type { Call, Route } from "./router.js"

/**
 * The routes of the fault ring. `followers` are the streams under way; whoever owns it ends them.
 */
export function faultRoutes(followers: Set<() => void>): readonly Route[] {
  return [
    {
      method: "GET",
      path: "/v1/faults",
      summary:
        "the last ?limit=N faults, or those after ?after=SEQUENCE, of one ?session=ID or of all; " +
        "?follow=1 streams them as NDJSON",
      parameters: ["limit", "after", "session", "follow"],
      answer: (call) => answerFaults(call, followers),
    },
  ]
}

function answerFaults({ inspect, log, query }: Call, followers: Set<() => void>): Answer {
  const after = integerParameter(query, "after", Number.MAX_SAFE_INTEGER)
  const limit = integerParameter(query, "limit", faultsAnsweredMax)
  const session = query.get("session") ?? undefined
  if (integerParameter(query, "follow", 1) === 1) {
    return followAnswer({ inspect, log, after, backlog: limit ?? 0, session }, followers)
  }

  const faultsMax = limit ?? faultsAnsweredDefault
  const scannedMax = session === undefined ? faultsMax : faultsScannedMax
  const faults = ofSession(inspect.faults(after ?? 0, scannedMax), session)
  // With `after` the caller pages forward, so the oldest come first in line; without it the newest
  // are wanted.
  const wanted = after === undefined ? newest(faults, faultsMax) : faults.slice(0, faultsMax)
  return jsonAnswer(wanted)
}

interface FollowWish {
  readonly inspect: Inspectable
  readonly log: Logger
  readonly after: number | undefined
  /** Faults of the past that the stream starts with, unless `after` says where to. */
  readonly backlog: number
  readonly session: string | undefined
}

function followAnswer(wish: FollowWish, followers: Set<() => void>): Answer {
  if (followers.size >= followersMax) {
    const message = `${followers.size} readers follow already, and no more than ${followersMax} may`
    throw new RequestError(503, "too_many_followers", message)
  }
  const { inspect, log, session } = wish
  // Even without a backlog the newest fault is looked at: it says where the stream starts.
  const scannedMax = session === undefined ? Math.max(1, wish.backlog) : faultsScannedMax
  const past = wish.after === undefined ? inspect.faults(0, scannedMax) : []
  const options: FollowOptions = {
    inspect,
    after: wish.after ?? past.at(-1)?.sequence ?? 0,
    first: newest(ofSession(past, session), wish.backlog),
    log,
    accepts: (fault) => session === undefined || fault.session === session,
  }
  return {
    status: 200,
    contentType: "application/x-ndjson",
    stream: (response) => {
      const end = followFaults(response, options)
      followers.add(end)
      response.once("close", () => followers.delete(end))
    },
  }
}

function newest(faults: FaultView[], count: number): FaultView[] {
  return faults.slice(Math.max(0, faults.length - count))
}

function ofSession(faults: FaultView[], session: string | undefined): FaultView[] {
  return session === undefined ? faults : faults.filter((fault) => fault.session === session)
}

function integerParameter(query: URLSearchParams, name: string, max: number): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (value <= max) return value
  const message = `?${name}=${text} must be a whole number from 0 to ${max}`
  throw new RequestError(400, "malformed_parameter", message)
}
