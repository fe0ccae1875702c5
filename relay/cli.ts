const usage = `quire: share files from tab to tab, from the command line

  quire cid FILE [--name N] [--mime M] [--block-size B] [--wire 2025|0.3|0.4] [--json]
      the address that FILE has as a plain data set
  quire share PATH... [--relay URL] [--plain] [--upload-limit B] [--data DIR] [--json]
      prints the link and serves until stopped
  quire get LINK [-o DIR] [--relay URL] [--data DIR] [--json]
      fetches, verifies and writes; exit status 0 only when everything is there
  quire ls --data DIR [--json]
      lists what a folder holds that no program uses at the moment
  quire fsck --data DIR [--repair] [--json]
      verifies every byte of it; exit status 0 only when nothing is wrong, or all was repaired
  quire keeper [--rest-port N] [--data DIR] [--quota BYTES] [--relay URL] [--listen ADDR] [--rest-host H]
      [--rest-token T] [--allow-origin URL] [--config FILE] [--log] [--json]
      holds copies for others, and serves the REST API of Codex, until stopped; prints one line when it answers
  quire relay [--port N] [--host H] [--data DIR] [--public-host HOST] [--no-keeper] [--config FILE] [--log] [--json]
      page, relay and tracker from one port, until stopped; prints one line when it answers
`

async function main(): Promise<void> {
  const [command, ...args] = process.argv.slice(2)
  switch (command) {
    case 'cid':
      return (await import('./commands/cid.ts')).cidCommand(args)
    case 'share':
      return (await import('./commands/share.ts')).shareCommand(args)
    case 'get':
      return (await import('./commands/get.ts')).getCommand(args)
    case 'relay':
      return (await import('./commands/relay.ts')).relayCommand(args)
    case 'ls':
      return (await import('./commands/ls.ts')).lsCommand(args)
    case 'fsck':
      return (await import('./commands/fsck.ts')).fsckCommand(args)
    case 'keeper':
      return (await import('./commands/keeper.ts')).keeperCommand(args)
    case undefined:
    case 'help':
    case '--help':
    case '-h':
      console.log(usage)
      return
    default: {
      const { BadCommand } = await import('./errors.ts')
      throw new BadCommand(`There is no command "${command}". "quire help" lists those there are.`)
    }
  }
}

// What a library keeps open in the background does not keep the program.
const done = () => process.exit(0)

main().then(done, (error: unknown) => {
  const message = error instanceof Error ? error.message : String(error)
  if (process.argv.includes('--json')) {
    const { code = 'unexpected', fault = 'ours' } = error as { code?: string; fault?: string }
    console.log(JSON.stringify({ error: { code, fault, message } }))
  }
  console.error(message)
  process.exit(1)
})
