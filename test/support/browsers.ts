import { readdirSync, readFileSync } from 'node:fs'
import { chown, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium, type BrowserContext, type Page } from 'playwright'
import { chromiumArgs, chromiumPath, shellPath } from './chromium.ts'
import { removeFolder } from './files.ts'

export interface BrowserOptions {
  /** A profile to use and keep, as a person's next visit has it; otherwise a new one that `close` removes. */
  readonly profileDir?: string
  /** Without service workers, so that what is put into its pages comes before them. */
  readonly noServiceWorkers?: boolean
  /** The whole of Chromium, with what draws windows and installs applications; otherwise its shell, where there is one. */
  readonly whole?: boolean
  /** What starts Chromium, where it is not Chromium itself. */
  readonly program?: string
  /** Further flags for Chromium. */
  readonly args?: readonly string[]
  /** As a user without rights, even where root asks: root's Chromium gives some of its threads a priority. */
  readonly asNobody?: boolean
}

/** A Chromium process of its own, as another person's would be. `await using` closes it. */
export interface TestBrowser extends AsyncDisposable {
  readonly context: BrowserContext
  /** The tab that it opened with. */
  readonly page: Page
  readonly profileDir: string
  /** Ends it in order. */
  close(): Promise<void>
  /** Ends it at once by SIGKILL, as a power cut would; the profile stays until `close`. */
  kill(): Promise<void>
  /** Its pages stand still, as on a machine that sleeps or has no memory left for them, until `wake`. */
  sleep(): void
  wake(): void
}

export async function launchBrowser(options: BrowserOptions = {}): Promise<TestBrowser> {
  const profileDir = options.profileDir ?? (await mkdtemp(join(tmpdir(), 'quire-profile-')))
  const program = options.program ?? (options.whole === true ? chromiumPath() : shellPath())
  const context = await chromium.launchPersistentContext(profileDir, {
    ...(options.asNobody === true ? await nobodys(program, profileDir) : { executablePath: program }),
    headless: true,
    args: [...chromiumArgs, ...(options.args ?? [])],
    serviceWorkers: options.noServiceWorkers === true ? 'block' : 'allow',
    acceptDownloads: true
  })
  const page = context.pages()[0] ?? (await context.newPage())
  const close = async (): Promise<void> => {
    await context.close()
    if (options.profileDir === undefined) await removeFolder(profileDir)
  }
  const kill = async (): Promise<void> => {
    const closed = new Promise((resolve) => context.once('close', resolve))
    for (const pid of processesOf(profileDir)) process.kill(pid, 'SIGKILL')
    await closed
  }
  const sleep = () => pagesOf(profileDir).forEach((pid) => process.kill(pid, 'SIGSTOP'))
  const wake = () => pagesOf(profileDir).forEach((pid) => process.kill(pid, 'SIGCONT'))
  return { context, page, profileDir, close, kill, sleep, wake, [Symbol.asyncDispose]: close }
}

const nobody = 65_534

/** What starts Chromium as a user without rights, to whom the profile belongs; only root can, and anybody else need not. */
async function nobodys(program: string, profileDir: string) {
  if (process.getuid?.() !== 0) return { executablePath: program }
  await chown(profileDir, nobody, nobody)
  const executablePath = fileURLToPath(new URL('as-nobody.sh', import.meta.url))
  return { executablePath, env: { ...process.env, HOME: profileDir, CHROMIUM: program } }
}

/** Ids of the processes that were started on a profile: Playwright does not tell a persistent browser's. */
function processesOf(profileDir: string): number[] {
  return processIds().filter((pid) => commandOf(pid).includes(`--user-data-dir=${profileDir}`))
}

/** Those of them that run pages; what they were started with is one word. */
function pagesOf(profileDir: string): number[] {
  const isPage = (command: string) => command.includes('--type=renderer') && command.includes(profileDir)
  return processIds().filter((pid) => isPage(commandOf(pid).join(' ')))
}

const processIds = (): number[] => readdirSync('/proc').map(Number).filter(Number.isInteger)

/** A process's words, or none if it has just ended. */
function commandOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch {
    return []
  }
}
