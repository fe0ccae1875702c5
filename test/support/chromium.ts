import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/**
 * Flags for every Chromium that a test starts. No sandbox, since tests run as root in containers, where it cannot
 * start; nothing in the background, so that a test's requests are its own.
 */
export const chromiumArgs = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync'
]

/** Full path of the first of these programs that PATH holds and this user may run. */
export function findProgram(names: readonly string[]): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  // Debian keeps nft and ip in sbin, which is not on everybody's PATH.
  const places = [...folders, '/usr/sbin', '/sbin'].filter((folder) => folder !== '')
  return names.flatMap((name) => places.map((folder) => join(folder, name))).find(isProgram)
}

/** The Chromium that tests drive: CHROMIUM_PATH, or the first that PATH holds. */
export function findChromium(): string | undefined {
  const chosen = process.env['CHROMIUM_PATH']
  if (chosen !== undefined && chosen !== '') return isProgram(chosen) ? chosen : undefined
  return findProgram(['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'])
}

/**
 * What most browsers of the tests are: Chromium without what draws windows, with the same network, storage, service
 * workers and WebRTC, at half the processor time. CHROMIUM_PATH counts before it, and undefined where there is none.
 */
export function findShell(): string | undefined {
  if ((process.env['CHROMIUM_PATH'] ?? '') !== '') return findChromium()
  return findProgram(['chromium-headless-shell', 'chrome-headless-shell'])
}

/** The whole of Chromium, as people have it. @throws Error with what to do about it, when this machine has none. */
export function chromiumPath(): string {
  const path = findChromium()
  if (path === undefined) throw new Error('No Chromium here: install it, or set CHROMIUM_PATH to its program.')
  return path
}

/** The shell, or where there is none the whole. @throws Error as `chromiumPath` does. */
export function shellPath(): string {
  return findShell() ?? chromiumPath()
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
