import { parseArgs } from 'node:util'
import { checkFolder, type CheckReport } from '../../src/store/fsck.ts'
import { BadCommand } from '../errors.ts'
import { bucketOf, storeFolderIn } from './data-folder.ts'
import { tableOf } from './table.ts'

/** Verifies everything that a data folder holds. Exit status 1 where something is wrong and was not repaired. */
export async function fsckCommand(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: tableOf.fsck.options
  })
  if (positionals.length > 0 || !values.data) throw new BadCommand('quire fsck takes --data DIR, and nothing else.')
  const report = await checkFolder(await storeFolderIn(values.data), {
    bucket: await bucketOf(values.s3),
    repair: values.repair,
    onProgress: process.stderr.isTTY ? showProgress : undefined
  })
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
  console.log(values.json ? JSON.stringify(report) : textOf(report))
  if (report.problems.some(({ isRepaired }) => !isRepaired)) process.exit(1)
}

function showProgress(checkedBytes: number, totalBytes: number): void {
  const percent = totalBytes > 0 ? Math.floor((checkedBytes / totalBytes) * 100) : 100
  process.stderr.write(`\r\u001b[K${percent} % of ${(totalBytes / 1e6).toFixed(0)} MB`)
}

function textOf({ setCount, verifiedBlocks, verifiedBytes, problemCount, problems }: CheckReport): string {
  const lines = problems.map(
    ({ kind, set, detail, isRepaired }) => `${isRepaired ? 'repaired' : 'WRONG'}  ${kind}  ${set ?? ''}  ${detail}`
  )
  const held = `${verifiedBlocks} blocks of ${setCount} data sets are right (${(verifiedBytes / 1e6).toFixed(1)} MB)`
  const rest = problemCount - problems.length
  return [...lines, `${held}; problems: ${problemCount}${rest > 0 ? `, ${rest} of them not listed` : ''}`].join('\n')
}
