import type { Readable } from 'node:stream'
import { findProgram } from './chromium.ts'
import { end, lineOf, start } from './engines/children.ts'

/** A screen that nobody looks at, for programs that need one. */
export interface Screen extends AsyncDisposable {
  /** What DISPLAY is to be for who draws on it. */
  readonly display: string
}

/** @throws Error where there is no Xvfb */
export async function openScreen(): Promise<Screen> {
  const program = findProgram(['Xvfb'])
  if (program === undefined) throw new Error('No Xvfb here: npm test installs it, or apt-get install xvfb.')
  const xvfb = start(program, ['-displayfd', '3', '-screen', '0', '1280x900x24', '-nolisten', 'tcp'])
  try {
    const number = await lineOf(xvfb.stdio[3] as Readable, /^(\d+)$/, 'the screen is there')
    return { display: `:${number}`, [Symbol.asyncDispose]: () => end(xvfb) }
  } catch (thrown) {
    await end(xvfb)
    throw thrown
  }
}
