import { relayCommand } from './commands/relay.ts'
import { exitStatusOf } from './exit-status.ts'

// `npm start` is `quire relay`.
relayCommand(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error))
  process.exit(exitStatusOf(error))
})
