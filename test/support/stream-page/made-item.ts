import { fakeView, FakeItem } from '../fake-quire.ts'
import type { MadeFile } from './made-files.ts'

const stepBytes = 256 * 1024

/** An item of files that are made up; counts what is read of them. */
export class MadeItem extends FakeItem {
  readonly #made: readonly MadeFile[]
  readBytes = 0
  cancelled = 0

  constructor(id: string, files: readonly MadeFile[]) {
    super(fakeView(id, { title: 'A set: of “files”', fileCount: files.length }), files)
    this.#made = files
  }

  override read(fileIndex: number, start: number, end: number): ReadableStream<Uint8Array> {
    const file = this.#made[fileIndex]!
    let at = start
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          if (at >= end) return controller.close()
          if (at >= (file.brokenFrom ?? Infinity)) throw new Error('made to fail')
          if (at >= (file.stuckFrom ?? Infinity)) await new Promise(() => {})
          const next = Math.min(end, at + stepBytes)
          controller.enqueue(file.make(at, next))
          this.readBytes += next - at
          at = next
        },
        cancel: () => void this.cancelled++
      },
      { highWaterMark: 0 }
    )
  }
}
