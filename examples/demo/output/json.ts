import type { Daemon } from "../daemon/daemon.js"
import type { SubjectOutcome } from "../demo.js"
import { costBytes, type Outcome } from "../measure/outcome.js"

/** The object that --json prints: the figures of the tables, for every worker. */
export function asJson(
  subjects: readonly SubjectOutcome[],
  daemon: Daemon,
  isKept: boolean,
): object {
  return {
    ok: true,
    manager: {
      socket: daemon.socket,
      debug_socket: daemon.debug?.path ?? null,
      pid: daemon.pid ?? null,
      is_own: daemon.pid !== undefined,
      is_kept: isKept,
    },
    images: subjects.map(({ image, outcomes }) => ({
      name: image.name,
      path: image.path,
      length_bytes: image.lengthBytes,
      was_cached: image.wasCached,
      ways: outcomes.map(wayAsJson),
    })),
  }
}

function wayAsJson(outcome: Outcome): object {
  return {
    way: outcome.way,
    cost_bytes: costBytes(outcome),
    manager: outcome.manager ?? null,
    workers: outcome.workers.map((worker) => ({
      worker: worker.worker,
      pid: worker.pid,
      mode: worker.result.region?.mode ?? null,
      mode_reason: worker.result.region?.why ?? null,
      questions: worker.result.questions,
      placed_ms: worker.result.placedMs,
      first_answer_ms: worker.result.firstAnswerMs,
      all_answers_ms: worker.result.allAnswersMs,
      question_us_p50: worker.result.questionUsP50,
      question_us_p99: worker.result.questionUsP99,
      ...worker.memory,
      resident_bytes: worker.range?.residentBytes ?? null,
      faults: null,
      resident_pages: null,
      fault_service_us_p50: null,
      fault_service_us_p99: null,
      ...worker.figures,
    })),
  }
}
