import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { chromiumArgs, chromiumPath } from '../support/chromium.ts'
import { removeFolder } from '../support/files.ts'
import { end, lineOf, start } from '../support/engines/children.ts'
import { CommandSocket } from '../support/engines/command-socket.ts'
import { selectorOf, type DrivenBrowser } from '../support/engines/driven.ts'

/** A Chromium with a window, whose tab can be behind another one. */
export interface WindowedBrowser extends DrivenBrowser {
  /** Brings its tab to the front, or another one. Resolves when the tab knows. */
  show(isInFront: boolean): Promise<void>
}

interface Target {
  readonly id: string
  readonly webSocketDebuggerUrl: string
}

/**
 * Chromium on a screen, driven without Playwright, which lets every page believe that it is looked at: here a tab that
 * is behind another is hidden, and gets as little as the browser gives those.
 */
export async function launchWindowed(display: string): Promise<WindowedBrowser> {
  const profile = await mkdtemp(join(tmpdir(), 'quire-windowed-'))
  const args = [...chromiumArgs, `--user-data-dir=${profile}`, '--remote-debugging-port=0', 'about:blank']
  const child = start(chromiumPath(), args, { DISPLAY: display })
  const dispose = async (): Promise<void> => {
    await end(child)
    await removeFolder(profile)
  }
  try {
    const port = await lineOf(
      child.stderr as Readable,
      /DevTools listening on ws:\/\/[^/]*:(\d+)\//,
      'Chromium listens'
    )
    return await drive(`http://127.0.0.1:${port}/json`, profile, dispose)
  } catch (thrown) {
    await dispose()
    throw thrown
  }
}

async function drive(devtools: string, downloadDir: string, dispose: () => Promise<void>): Promise<WindowedBrowser> {
  const newTab = async () => (await (await fetch(`${devtools}/new`, { method: 'PUT' })).json()) as Target
  const [ours, other] = [await newTab(), await newTab()]
  const tab = await CommandSocket.open(ours.webSocketDebuggerUrl)
  await tab.send('Page.enable')
  const evaluate = async <T>(expression: string): Promise<T> => {
    const answer = await tab.send<Answer>('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true })
    if (answer.exceptionDetails) throw new Error(answer.exceptionDetails.exception?.description ?? 'the page threw')
    return answer.result.value as T
  }
  return {
    downloadDir,
    evaluate,
    async open(url) {
      const loaded = tab.event('Page.loadEventFired')
      await tab.send('Page.navigate', { url })
      await loaded
    },
    async chooseFiles(testId, files) {
      const expression = `document.querySelector(${JSON.stringify(selectorOf(testId))})`
      const { result } = await tab.send<Answer>('Runtime.evaluate', { expression })
      await tab.send('DOM.setFileInputFiles', { files, objectId: result.objectId })
    },
    async show(isInFront) {
      await fetch(`${devtools}/activate/${(isInFront ? ours : other).id}`)
      await evaluate(`new Promise((resolve) => {
        const look = () => document.visibilityState === '${isInFront ? 'visible' : 'hidden'}' && resolve()
        document.addEventListener('visibilitychange', look)
        look()
      })`)
    },
    [Symbol.asyncDispose]: dispose
  }
}

interface Answer {
  readonly result: { readonly value?: unknown; readonly objectId?: string }
  readonly exceptionDetails?: { readonly exception?: { readonly description?: string } }
}
