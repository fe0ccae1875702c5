import { UploadLimit } from '../src/core/swarm/upload-limit.ts'
import { BadCommand } from './errors.ts'

const units: Readonly<Record<string, number>> = { '': 1, 'k': 1e3, 'm': 1e6 }

/** Reads what `--upload-limit` says: bytes a second, with `k` or `M` for thousands or millions. Throws BadCommand. */
export function uploadLimitOf(text: string | undefined): UploadLimit | undefined {
  if (text === undefined) return undefined
  const [, number = '', unit = ''] = /^(\d{1,12})([kKmM]?)$/.exec(text) ?? []
  const bytesPerSecond = Number(number) * units[unit.toLowerCase()]!
  if (bytesPerSecond > 0) return new UploadLimit(bytesPerSecond)
  throw new BadCommand('--upload-limit takes bytes a second, above zero, as in 500000, 500k or 2M.')
}
