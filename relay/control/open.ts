import { Additions } from '../additions.ts'
import { bucketOf, storeFolderIn } from '../commands/data-folder.ts'
import { BadCommand } from '../errors.ts'
import { openProgram } from '../program.ts'
import { Visits } from '../visits.ts'
import { LibraryControl } from './library-control.ts'
import { reachControl } from './reach.ts'
import type { Control } from './types.ts'

/** What shells give a program that SIGINT ended. */
const stoppedExitCode = 130

/** `--data`, or what the environment names. @throws BadCommand */
export function dataDirOf(given: string | undefined, command: string): string {
  const dataDir = given ?? process.env.QUIRE_DATA
  if (dataDir) return dataDir
  throw new BadCommand(`quire ${command} takes --data DIR, the folder of the keeper or of this library.`)
}

/**
 * The library of a data folder: by way of the program that has it open, or opened here until it is closed.
 * `relays` count only in the second case.
 */
export async function openControl(dataDir: string, relays: readonly string[]): Promise<Control> {
  return (await reachControl(dataDir)) ?? openLibrary(dataDir, relays)
}

/** The same of a library that is there: what is mistyped is no new one. @throws CannotRead */
export async function openHeld(dataDir: string): Promise<Control> {
  const control = await reachControl(dataDir)
  if (control) return control
  await storeFolderIn(dataDir)
  return openLibrary(dataDir, [])
}

async function openLibrary(dataDir: string, relays: readonly string[]): Promise<Control> {
  const program = await openProgram({ relays, dataDir, bucket: await bucketOf() })
  let closing: Promise<void> | undefined
  const close = () => (closing ??= program.close())
  // What fails because it is stopped waits for this, too, and is not told: a person knows who stopped it.
  const exit = () => process.exit(stoppedExitCode)
  void program.untilStopped().then(() => (closing ??= program.close().then(exit)))
  const shared = { visits: new Visits(program), additions: new Additions(program) }
  return new LibraryControl({ ...program, ...shared, close })
}
