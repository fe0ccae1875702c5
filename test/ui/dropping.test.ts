import { describe, expect, it } from 'vitest'
import { shareDropped } from '../../src/ui/dropping.ts'
import type { PickedFile } from '../../src/ui/picking.ts'

const refuse = (reject?: (error: DOMException) => void) => reject?.(new DOMException('', 'NotReadableError'))

const fileAt = (fullPath: string, isThere = true): FileSystemEntry => {
  const entry: Pick<FileSystemFileEntry, 'isDirectory' | 'fullPath' | 'file'> = {
    isDirectory: false,
    fullPath,
    file: (resolve, reject) => (isThere ? resolve(new File(['x'], fullPath)) : refuse(reject))
  }
  return entry as FileSystemFileEntry
}

/** A folder whose reader gives these lists one after the other, and fails at the end if it is told to. */
const folderAt = (fullPath: string, lists: readonly FileSystemEntry[][], fails = false): FileSystemEntry => {
  const left = [...lists]
  const reader: FileSystemDirectoryReader = {
    readEntries: (resolve, reject) => (left.length > 0 || !fails ? resolve(left.shift() ?? []) : refuse(reject))
  }
  const entry: Pick<FileSystemDirectoryEntry, 'isDirectory' | 'fullPath' | 'createReader'> = {
    isDirectory: true,
    fullPath,
    createReader: () => reader
  }
  return entry as FileSystemDirectoryEntry
}

/** What is shared of it, and what is said. */
async function drop(...dropped: (FileSystemEntry | File)[]): Promise<{ shared: string[]; said: string[] }> {
  const [shared, said] = [[] as string[], [] as string[]]
  const share = (files: readonly PickedFile[]) => Promise.resolve(void shared.push(...files.map(({ path }) => path)))
  await shareDropped(dropped, { announcer: { note: (words) => said.push(words) }, share })
  return { shared, said }
}

describe('what is dropped', () => {
  it('is shared with its folders', async () => {
    const inner = folderAt('/trip/day 1', [[fileAt('/trip/day 1/b.jpg')], [fileAt('/trip/day 1/c.jpg')]])
    expect(await drop(folderAt('/trip', [[fileAt('/trip/a.jpg'), inner]]), new File(['x'], 'loose.txt'))).toEqual({
      shared: ['trip/a.jpg', 'trip/day 1/b.jpg', 'trip/day 1/c.jpg', 'loose.txt'],
      said: []
    })
  })

  it('is shared without a file that cannot be read, which is named', async () => {
    const folder = folderAt('/trip', [[fileAt('/trip/a.jpg', false), fileAt('/trip/b.jpg')]])
    expect(await drop(folder)).toEqual({
      shared: ['trip/b.jpg'],
      said: ['“trip/a.jpg” could not be read. The rest is shared.']
    })
  })

  it('is shared as far as its folders can be read', async () => {
    const torn = folderAt('/trip/torn', [[fileAt('/trip/torn/a.jpg')]], true)
    const closed = folderAt('/trip/closed', [], true)
    expect(await drop(folderAt('/trip', [[torn, closed, fileAt('/trip/b.jpg')]]))).toEqual({
      shared: ['trip/torn/a.jpg', 'trip/b.jpg'],
      said: ['“trip/torn” and 1 other could not be read. The rest is shared.']
    })
  })

  it('is told when none of it can be read, or it is empty', async () => {
    expect(await drop(folderAt('/trip', [], true))).toEqual({ shared: [], said: ['“trip” could not be read.'] })
    expect(await drop(folderAt('/trip', []))).toEqual({ shared: [], said: ['There was no file in what you dropped.'] })
  })
})
