import { relayStopMs } from '../../src/core/limits.ts'
import { readKeeperConfig } from '../keeper-config.ts'
import { type RunningKeeper, startKeeper } from '../keeper.ts'
import { jsonLog, silence } from '../log.ts'

/** The engine without a window, until SIGINT or SIGTERM. Prints one line when it answers. */
export async function keeperCommand(args: readonly string[]): Promise<void> {
  const config = readKeeperConfig(process.env, args)
  const keeper = await startKeeper(config, config.log ? jsonLog(false) : silence)
  const { rest, peerId, addresses } = keeper
  console.log(config.json ? JSON.stringify({ rest, peerId, addresses }) : `Quire keeps, and answers at ${rest}`)
  const stopped = Promise.withResolvers<void>()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.resolve())
  process.on('SIGUSR2', () => void tellBackup(keeper.backUp()))
  await stopped.promise
  setTimeout(() => process.exit(0), relayStopMs).unref()
  await keeper.stop()
  process.exit(0)
}

/** On standard error: standard output holds one line. */
async function tellBackup(backup: ReturnType<RunningKeeper['backUp']>): Promise<void> {
  try {
    console.error(`Backed up to ${await backup}`)
  } catch (error) {
    console.error(`No backup was made: ${error instanceof Error ? error.message : String(error)}`)
  }
}
