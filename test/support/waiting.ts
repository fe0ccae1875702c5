/** What was waited for did not come in time. */
export class TooLateError extends Error {}

/** Waits are for what comes by itself; where nothing comes, a test ends. A machine with other work is given this many times as long. */
export const busyFactor = 3

/** The promise's value, or TooLateError that names `what` once `timeoutMs` have passed, on a machine that is not busy. */
export async function within<T>(timeoutMs: number, what: string, promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => late.reject(new TooLateError(`${what}: not within ${timeoutMs} ms`)),
    busyFactor * timeoutMs
  )
  try {
    return await Promise.race([promise, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
