/** The exit status for an error that ended a program: 2 where starting it again as it is would be in vain, else 1. [RL26] */
export function exitStatusOf(error: unknown): number {
  const { code, exitStatus = 1 } = Object(error) as { readonly code?: unknown; readonly exitStatus?: number }
  return String(code).startsWith('ERR_PARSE_ARGS') ? 2 : exitStatus
}
