import { type CommandName, commandNames, flagsOf, tableOf } from './table.ts'

/** Lines are folded at this. */
const columns = 118

/** What `quire help` prints. */
export async function usageText(): Promise<string> {
  const parts = await Promise.all(commandNames.map(usageOf))
  return `quire: share files from tab to tab, from the command line\n\n${parts.join('\n')}`
}

async function usageOf(name: CommandName): Promise<string> {
  const { words, about } = tableOf[name]
  const flags = Object.entries(await flagsOf(name)).map(([flag, { short, value }]) => {
    const shown = short ? `-${short}` : `--${flag}`
    return value === undefined ? `[${shown}]` : `[${shown} ${value}]`
  })
  const head = `  quire ${name}${words && ` ${words}`}`
  return `${fold(head, flags)}\n      ${about}`
}

function fold(head: string, parts: readonly string[]): string {
  const lines = [head]
  for (const part of parts) {
    const last = lines.at(-1)!
    if (last.length + part.length + 1 <= columns) lines[lines.length - 1] = `${last} ${part}`
    else lines.push(`      ${part}`)
  }
  return lines.join('\n')
}
