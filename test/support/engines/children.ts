import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { within } from '../waiting.ts'

/** Starts a program whose two outputs can be read. */
export function start(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {}
): ChildProcess {
  return spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] })
}

/** What the first line that matches says in the pattern's first group; the rest of the output is read and dropped. */
export function lineOf(output: Readable, pattern: RegExp, what: string): Promise<string> {
  const lines = createInterface({ input: output })
  const found = new Promise<string>((resolve, reject) => {
    lines.on('line', (line) => {
      const said = pattern.exec(line)?.[1]
      if (said !== undefined) resolve(said)
    })
    lines.once('close', () => reject(new Error(`${what}: the program ended first`)))
  })
  return within(30_000, what, found)
}

/** Ends a program, by force if it does not within 5 s. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const force = setTimeout(() => child.kill('SIGKILL'), 5_000)
  await ended
  clearTimeout(force)
}
