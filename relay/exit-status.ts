/** What stays wrong until somebody changes a word, a setting or a file of settings. */
const ofSettings: ReadonlySet<unknown> = new Set([
  'bad-command',
  'bad-config-file',
  'bad-setting',
  'token-missing',
  'turn-missing',
  'unknown-setting'
])

/** The exit status for an error that ended a program: 2 where starting it again as it is would be in vain, else 1. [RL26] */
export function exitStatusOf(error: unknown): 1 | 2 {
  const { code } = Object(error) as { readonly code?: unknown }
  return ofSettings.has(code) || String(code).startsWith('ERR_PARSE_ARGS') ? 2 : 1
}
