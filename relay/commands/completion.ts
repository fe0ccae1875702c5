import { BadCommand } from '../errors.ts'
import { type CommandName, commandNames, flagsOf, tableOf } from './table.ts'

/** Its flags as a person types them, and what is known of their values. */
interface Known {
  readonly name: CommandName
  readonly flags: readonly { readonly name: string; readonly value: string | undefined }[]
}

/** Prints a script that makes a shell complete commands, flags, folders and files. */
export async function completionCommand(args: readonly string[]): Promise<void> {
  const [shell, ...more] = args
  const write = { bash, zsh, fish }[shell ?? '']
  if (!write || more.length > 0) throw new BadCommand('quire completion takes one of bash, zsh, fish.')
  const known = await Promise.all(commandNames.map(knownOf))
  process.stdout.write(write(known))
}

async function knownOf(name: CommandName): Promise<Known> {
  const flags = Object.entries(await flagsOf(name))
  return { name, flags: flags.map(([flag, { value }]) => ({ name: `--${flag}`, value })) }
}

const takesFiles = (name: CommandName) => /FILE|PATH/.test(tableOf[name].words)

/** Words of which one is to be written, as `a|b|c`; what stands in capitals stands for something else. */
const choicesOf = (value = '') => (/^[a-z0-9.]+(\|[a-z0-9.]+)+$/.test(value) ? value.replaceAll('|', ' ') : undefined)

function bash(known: readonly Known[]): string {
  const cases = known.map(({ name, flags }) => {
    const words = [choicesOf(tableOf[name].words), ...flags.map((flag) => flag.name)].filter(Boolean).join(' ')
    return `    ${name}) words='${words}'; files=${takesFiles(name) ? 1 : ''} ;;`
  })
  const values = known
    .flatMap(({ flags }) => flags)
    .flatMap(({ name, value }) => (choicesOf(value) ? [`    ${name}) words='${choicesOf(value)}' ;;`] : []))
  return `_quire() {
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" words='' files=''
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${commandNames.join(' ')} help' -- "$current"))
    return
  fi
  case "$before" in
    --data|--out|-o) COMPREPLY=($(compgen -d -- "$current")); return ;;
    --config|--tls-cert|--tls-key) COMPREPLY=($(compgen -f -- "$current")); return ;;
${values.join('\n')}
  esac
  [ -n "$words" ] && { COMPREPLY=($(compgen -W "$words" -- "$current")); return; }
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [ -n "$files" ] && [[ "$current" != -* ]] && COMPREPLY+=($(compgen -f -- "$current"))
}
complete -o filenames -F _quire quire
`
}

/** Its shell reads bash's. */
function zsh(known: readonly Known[]): string {
  return `autoload -Uz bashcompinit && bashcompinit\n${bash(known)}`
}

function fish(known: readonly Known[]): string {
  const quoted = (text: string) => `'${text.replaceAll("'", "\\'")}'`
  const commands = known.map(
    ({ name }) => `complete -c quire -f -n __fish_use_subcommand -a ${name} -d ${quoted(tableOf[name].about)}`
  )
  const flags = known.flatMap(({ name, flags: own }) => {
    const seen = `-n '__fish_seen_subcommand_from ${name}'`
    const files = takesFiles(name) ? [`complete -c quire -F ${seen}`] : []
    const choices = choicesOf(tableOf[name].words)
    const words = choices && !takesFiles(name) ? [`complete -c quire -f ${seen} -a ${quoted(choices)}`] : []
    const each = own.map(({ name: flag, value }) => {
      const takes = value === undefined ? '' : choicesOf(value) ? ` -x -a ${quoted(choicesOf(value)!)}` : ' -r'
      return `complete -c quire ${seen} -l ${flag.slice(2)}${takes}`
    })
    return [...files, ...words, ...each]
  })
  return `${[...commands, ...flags].join('\n')}\n`
}
