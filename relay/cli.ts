import type { CommandName } from './commands/table.ts'
import { exitStatusOf } from './exit-status.ts'

type Run = (args: readonly string[]) => Promise<void>

/** What is loaded is what is asked for: a program starts the sooner. */
const commands: Readonly<Record<CommandName, () => Promise<Run>>> = {
  cid: async () => (await import('./commands/cid.ts')).cidCommand,
  share: async () => (await import('./commands/share.ts')).shareCommand,
  get: async () => (await import('./commands/get.ts')).getCommand,
  add: async () => (await import('./commands/add.ts')).addCommand,
  keep: async () => (await import('./commands/keep.ts')).keepCommand,
  forget: async () => (await import('./commands/forget.ts')).forgetCommand,
  ls: async () => (await import('./commands/ls.ts')).lsCommand,
  status: async () => (await import('./commands/status.ts')).statusCommand,
  peers: async () => (await import('./commands/peers.ts')).peersCommand,
  invite: async () => (await import('./commands/invite.ts')).inviteCommand,
  fsck: async () => (await import('./commands/fsck.ts')).fsckCommand,
  keeper: async () => (await import('./commands/keeper.ts')).keeperCommand,
  relay: async () => (await import('./commands/relay.ts')).relayCommand,
  completion: async () => (await import('./commands/completion.ts')).completionCommand
}

async function main(): Promise<void> {
  const [command, ...args] = process.argv.slice(2)
  if (command === undefined || ['help', '--help', '-h'].includes(command)) {
    console.log(await (await import('./commands/usage.ts')).usageText())
  } else if (Object.hasOwn(commands, command)) {
    const run = await commands[command as CommandName]()
    await run(args)
  } else {
    const { BadCommand } = await import('./errors.ts')
    throw new BadCommand(`There is no command "${command}". "quire help" lists those there are.`)
  }
}

// Who reads no further, as `head` does, ends nothing by that: what was asked for is done all the same.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)

// What a library keeps open in the background does not keep the program; what was said is to arrive.
const done = () => void process.stdout.write('', () => process.exit(0))

main().then(done, (error: unknown) => {
  const message = error instanceof Error ? error.message : String(error)
  if (process.argv.includes('--json')) {
    const { code = 'unexpected', fault = 'ours' } = error as { code?: string; fault?: string }
    console.log(JSON.stringify({ error: { code, fault, message } }))
  }
  console.error(message)
  process.exit(exitStatusOf(error))
})
