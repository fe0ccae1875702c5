/** Who has to act so that it goes right: this program, another peer, the person, or the surroundings (disk, network, browser). */
export type Fault = 'ours' | 'peer' | 'user' | 'environment'

/**
 * Base of every error that leaves a module. Callers read `code`, never `message`.
 * `params` hold the values a sentence about it needs (no secrets, no addresses).
 */
export abstract class QuireError extends Error {
  abstract readonly code: string
  abstract readonly fault: Fault
  abstract readonly retryable: boolean
  readonly params: Readonly<Record<string, string | number>>

  constructor(message: string, params: Readonly<Record<string, string | number>> = {}, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.params = params
  }
}

/** What of an error crosses a worker boundary and reaches the interface. */
export interface ErrorReport {
  readonly code: string
  readonly fault: Fault
  readonly retryable: boolean
  readonly message: string
  readonly params: Readonly<Record<string, string | number>>
}

/** The report of any thrown value; a value that is no QuireError is a fault of ours. */
export function reportOf(thrown: unknown): ErrorReport {
  if (thrown instanceof QuireError) {
    const { code, fault, retryable, message, params } = thrown
    return { code, fault, retryable, message, params }
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return { code: 'unexpected', fault: 'ours', retryable: false, message, params: {} }
}

/** An error that was reported from the other side of a worker boundary. */
export class ReportedError extends QuireError {
  readonly code: string
  readonly fault: Fault
  readonly retryable: boolean
  constructor(report: ErrorReport) {
    super(report.message, report.params)
    this.code = report.code
    this.fault = report.fault
    this.retryable = report.retryable
  }
}
