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

/** The next event of this name that `accepts` says yes to, or TooLateError. */
export function waitFor<E extends Event>(
  target: EventTarget,
  name: string,
  options: { readonly timeoutMs?: number; readonly accepts?: (event: E) => boolean } = {}
): Promise<E> {
  const { timeoutMs = 10_000, accepts = () => true } = options
  const stop = new AbortController()
  const seen = new Promise<E>((resolve) => {
    const listen = (event: Event): void => {
      if (accepts(event as E)) resolve(event as E)
    }
    target.addEventListener(name, listen, { signal: stop.signal })
  })
  return within(timeoutMs, `event ${name}`, seen).finally(() => stop.abort())
}
