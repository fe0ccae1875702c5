import { blockBytes } from '../../src/core/limits.ts'
import { ItemGone } from '../../src/engine/errors.ts'
import type { Item } from '../../src/engine/types.ts'
import { addressOf } from '../additions.ts'
import { sendText } from './answers.ts'
import { RestRefusal } from './refusal.ts'
import { BodyTooLong, spool } from './spool.ts'
import type { Call, RestParts } from './types.ts'
import { uploadName, uploadType } from './upload-headers.ts'

/** Stores a body as a plain data set; answers with its CID and nothing else. */
export async function upload(call: Call): Promise<void> {
  const { request, response, query, parts, signal } = call
  try {
    const mimeType = uploadType(request.headers['content-type'])
    const name = uploadName(request.headers['content-disposition']) ?? ''
    checkBlockSize(query.get('blockSize'))
    const length = request.headers['content-length']
    const roomBytes = await roomOf(parts, Number(length ?? 0))
    await using body = await spool(request, {
      folder: parts.uploads,
      mostBytes: roomBytes,
      signal,
      turns: parts.uploadTurns
    })
    // From then on it is the disk that is waited for, and no client that is silent.
    void body.whole.then(
      () => request.socket.setTimeout(0),
      () => undefined
    )
    // The size of a tree is known before its first leaf: what says its length is added while it comes.
    const sizeBytes = length === undefined ? await body.whole : Number(length)
    if (sizeBytes === 0) throw new RestRefusal(422, 'The body is empty: a data set has at least one byte.')
    const item = parts.additions.begin([body.source(name, mimeType, sizeBytes)], true)
    try {
      await Promise.all([body.whole, item.whenReady()])
    } catch (error) {
      if (!isRemovedWhole(item, error)) {
        await item.remove()
        throw error
      }
    }
    await parts.additions.settle(item)
    sendText(response, 200, addressOf(item)!)
  } catch (error) {
    if (error instanceof BodyTooLong) throw new RestRefusal(507, 'There is no room left for the rest of this body.')
    throw error
  }
}

/** Somebody removed it as soon as it was whole: that comes after, and whoever sent it is answered all the same. */
const isRemovedWhole = (item: Item, error: unknown): boolean =>
  error instanceof ItemGone && addressOf(item) !== undefined

function checkBlockSize(text: string | null): void {
  if (text === null) return
  const size = Number(text)
  const isPower = Number.isInteger(size) && size >= 4096 && size <= 524_288 && (size & (size - 1)) === 0
  if (!isPower) throw new RestRefusal(400, 'blockSize must be a power of two from 4096 to 524288.')
  if (size !== blockBytes) throw new RestRefusal(422, `This keeper stores blocks of ${blockBytes} bytes alone.`)
}

/** Bytes that a body may have. @throws RestRefusal where it says itself that it has more */
async function roomOf({ quire, leftBytes }: RestParts, lengthBytes: number): Promise<number> {
  // It is on disk twice while it is taken in.
  const roomBytes = Math.min(leftBytes(), quire.storage.peek().freeBytes / 2)
  if (lengthBytes > roomBytes) {
    throw new RestRefusal(507, `There is room for ${Math.floor(roomBytes)} bytes, and this body has ${lengthBytes}.`)
  }
  return roomBytes
}
