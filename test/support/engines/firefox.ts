import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { findProgram } from '../chromium.ts'
import { removeFolder } from '../files.ts'
import { end, lineOf, start } from './children.ts'
import { CommandSocket } from './command-socket.ts'
import { selectorOf, type DrivenBrowser } from './driven.ts'

/** Settings of the profile: connections on this machine, downloads without a question, no talk with anybody else. */
const settingsOf = (downloadDir: string): Record<string, string | number | boolean> => ({
  'media.peerconnection.ice.loopback': true,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  'browser.download.folderList': 2,
  'browser.download.dir': downloadDir,
  'browser.download.alwaysOpenPanel': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.aboutwelcome.enabled': false,
  'app.update.enabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'toolkit.telemetry.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false
})

/** Firefox without a window, driven by WebDriver BiDi (https://w3c.github.io/webdriver-bidi/). */
export async function launchFirefox(): Promise<DrivenBrowser> {
  const program = findProgram(['firefox-esr', 'firefox'])
  if (program === undefined) throw new Error('No Firefox here: npm test installs it, or apt-get install firefox-esr.')
  const home = await mkdtemp(join(tmpdir(), 'quire-firefox-'))
  const [profile, downloadDir] = [join(home, 'profile'), join(home, 'downloads')]
  await Promise.all([mkdir(profile), mkdir(downloadDir)])
  const settings = Object.entries(settingsOf(downloadDir))
  const lines = settings.map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`)
  await writeFile(join(profile, 'user.js'), lines.join('\n'))
  const child = start(program, ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0'])
  const dispose = async (): Promise<void> => {
    await end(child)
    await removeFolder(home)
  }
  try {
    const address = await lineOf(child.stderr as Readable, /BiDi listening on (ws:\S+)/, 'Firefox listens')
    const bidi = await CommandSocket.open(`${address}/session`)
    return await drive(bidi, downloadDir, dispose)
  } catch (thrown) {
    await dispose()
    throw thrown
  }
}

async function drive(bidi: CommandSocket, downloadDir: string, dispose: () => Promise<void>): Promise<DrivenBrowser> {
  await bidi.send('session.new', { capabilities: {} })
  const { context } = await bidi.send<{ context: string }>('browsingContext.create', { type: 'tab' })
  const target = { context }
  const inPage = async (expression: string): Promise<Answer> => {
    const answer = await bidi.send<Answer>('script.evaluate', { expression, target, awaitPromise: true })
    if (answer.exceptionDetails !== undefined) throw new Error(answer.exceptionDetails.text)
    return answer
  }
  return {
    downloadDir,
    async open(url) {
      await bidi.send('browsingContext.navigate', { context, url, wait: 'complete' })
    },
    async evaluate<T>(expression: string) {
      const { result } = await inPage(`(async () => JSON.stringify(await (${expression})))()`)
      return JSON.parse(result.value ?? 'null') as T
    },
    async chooseFiles(testId, files) {
      const { result } = await inPage(`document.querySelector(${JSON.stringify(selectorOf(testId))})`)
      await bidi.send('input.setFiles', { context, element: { sharedId: result.sharedId }, files })
    },
    [Symbol.asyncDispose]: dispose
  }
}

interface Answer {
  readonly result: { readonly value?: string; readonly sharedId?: string }
  readonly exceptionDetails?: { readonly text: string }
}
