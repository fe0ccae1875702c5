import { globSync } from 'node:fs'
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram } from '../chromium.ts'
import { removeFolder } from '../files.ts'
import { openScreen } from '../screen.ts'
import { end, start } from './children.ts'
import { selectorOf, type DrivenBrowser } from './driven.ts'

/** Key of an element in WebDriver's JSON (https://www.w3.org/TR/webdriver2/#elements). */
const elementKey = 'element-6066-11e4-a52e-4f735466cecf'

/** WebKit's MiniBrowser on a screen of its own, driven by WebDriver. It has no WebRTC. */
export async function launchWebKit(): Promise<DrivenBrowser> {
  const driver = findProgram(['WebKitWebDriver'])
  const [binary] = globSync('/usr/lib/*/webkit2gtk-*/MiniBrowser')
  if (driver === undefined || binary === undefined) {
    throw new Error('No WebKit here: npm test installs it, or apt-get install webkit2gtk-driver.')
  }
  const home = await mkdtemp(join(tmpdir(), 'quire-webkit-'))
  const screen = await openScreen()
  const [downloadDir, settingsDir] = [join(home, 'Downloads'), join(home, 'settings')]
  await Promise.all([mkdir(downloadDir), mkdir(settingsDir)])
  await writeFile(join(settingsDir, 'user-dirs.dirs'), 'XDG_DOWNLOAD_DIR="$HOME/Downloads"\n')
  const places = {
    HOME: home,
    XDG_DATA_HOME: join(home, 'data'),
    XDG_CACHE_HOME: join(home, 'cache'),
    XDG_CONFIG_HOME: settingsDir
  }
  const port = await freePort()
  const child = start(driver, [`--port=${port}`], { ...places, DISPLAY: screen.display })
  const dispose = async (): Promise<void> => {
    await end(child)
    await screen[Symbol.asyncDispose]()
    await removeFolder(home)
  }
  try {
    const session = await Session.open(`http://127.0.0.1:${port}`, binary)
    return browserOf(session, downloadDir, dispose)
  } catch (thrown) {
    await dispose()
    throw thrown
  }
}

function browserOf(session: Session, downloadDir: string, dispose: () => Promise<void>): DrivenBrowser {
  return {
    downloadDir,
    async open(url) {
      await session.send('POST', '/url', { url })
    },
    async evaluate<T>(expression: string) {
      const script = `const done = arguments[arguments.length - 1];
        (async () => ${expression})().then((value) => done({ value }), (error) => done({ error: String(error) }))`
      const answer = await session.send<{ value: T; error?: string }>('POST', '/execute/async', { script, args: [] })
      if (answer.error !== undefined) throw new Error(answer.error)
      return answer.value
    },
    async chooseFiles(testId, paths) {
      const by = { using: 'css selector', value: selectorOf(testId) }
      const element = await session.send<Record<string, string>>('POST', '/element', by)
      await session.send('POST', `/element/${element[elementKey]}/value`, { text: paths.join('\n') })
    },
    async [Symbol.asyncDispose]() {
      await session.send('DELETE', '', undefined).catch(() => undefined)
      await dispose()
    }
  }
}

class Session {
  readonly #url: string

  /** Asks the driver for a browser; it takes connections a moment after it has started. */
  static async open(driver: string, binary: string): Promise<Session> {
    const options = { binary, args: ['--automation'] }
    const wanted = { 'browserName': 'MiniBrowser', 'webkitgtk:browserOptions': options }
    const timeouts = { script: 120_000, pageLoad: 60_000 }
    const capabilities = { alwaysMatch: { ...wanted, timeouts, acceptInsecureCerts: true } }
    await answering(driver)
    const { sessionId } = await call<{ sessionId: string }>('POST', `${driver}/session`, { capabilities })
    return new Session(`${driver}/session/${sessionId}`)
  }

  constructor(url: string) {
    this.#url = url
  }

  send<T>(method: string, path: string, body: object | undefined): Promise<T> {
    return call<T>(method, `${this.#url}${path}`, body)
  }
}

async function call<T>(method: string, url: string, body: object | undefined): Promise<T> {
  const response = await fetch(url, { method, body: body === undefined ? null : JSON.stringify(body) })
  const { value } = (await response.json()) as { value: T & { error?: string; message?: string } }
  if (!response.ok) throw new Error(`WebKit: ${value.error}: ${value.message}`)
  return value
}

/** Resolves once something answers at this address. */
async function answering(url: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const answered = await fetch(`${url}/status`).then(
      () => true,
      () => false
    )
    if (answered) return
    // Time: the driver says nothing when it is ready, so it is asked again.
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('WebKitWebDriver does not answer.')
}

/** A port that nobody listens on just now: the driver takes no 0. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
