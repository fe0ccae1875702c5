import type { ComponentLogger, Logger } from '@libp2p/interface'

/**
 * Stands in the page for `@libp2p/logger`, which weighs 5 KiB of a first load and writes addresses and peer ids to the
 * console of whoever has switched it on: what Quire has to say of its network it says on the page.
 */
function quiet(): void {}

const log: Logger = Object.assign(quiet, { enabled: false, error: quiet, trace: quiet, newScope: () => log })

export function defaultLogger(): ComponentLogger {
  return { forComponent: () => log }
}
