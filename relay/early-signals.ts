/**
 * Ends the program where it is asked to before a command listens for it. Linux gives the first process of a container no
 * default: `docker stop` while a keeper opens its store would wait out its time and kill.
 */
export function endBySignals(pid = process.pid): void {
  if (pid !== 1) return
  for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143 })) {
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) process.exit(code)
    })
  }
}
