/** What was waited for did not come in time. */
export class TooLateError extends Error {}

/** The promise's value, or TooLateError that names `what` once `timeoutMs` have passed. */
export async function within<T>(timeoutMs: number, what: string, promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new TooLateError(`${what}: not within ${timeoutMs} ms`)), timeoutMs)
  try {
    return await Promise.race([promise, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
