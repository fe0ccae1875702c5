import { createHash } from 'node:crypto'
import { resolve } from 'node:path'

/** Where a program that has a data folder open answers: a socket in it, and on Windows a pipe of its name. */
export function socketPath(dataDir: string): string {
  const folder = resolve(dataDir)
  if (process.platform !== 'win32') return `${folder}/control.sock`
  return `\\\\.\\pipe\\quire-${createHash('sha256').update(folder).digest('hex').slice(0, 32)}`
}
