import { saveInMemoryBytesMax } from '../../core/limits.ts'
import { StreamFailed } from '../../core/stream/errors.ts'
import type { SaveOutcome, Offer } from '../stream-host.ts'
import type { StreamSource } from '../streaming/sources.ts'
import { SaveRefused, TooLargeToSave } from './errors.ts'

/**
 * Lets the browser download an offer through the service worker, with its own progress, pause and cancel. A frame is
 * navigated, since a link with `download` goes past the worker.
 */
export async function downloadByWorker(offer: Offer): Promise<SaveOutcome> {
  const frame = document.createElement('iframe')
  frame.hidden = true
  // A download never loads; whatever loads is the worker's or the server's refusal.
  const refused = new Promise<never>((_, reject) => {
    frame.onload = () => reject(new SaveRefused())
  })
  frame.src = new URL(offer.path, homeUrl()).href
  document.body.append(frame)
  try {
    return await Promise.race([offer.outcome, refused])
  } finally {
    offer.withdraw()
    // The last byte was given, yet a small file's answer may still be on its way to the frame.
    setTimeout(() => frame.remove(), lettingGoMs)
  }
}

/** Gathers the bytes in memory and hands them over as one: for windows without a service worker. */
export async function downloadFromMemory(source: StreamSource): Promise<SaveOutcome> {
  const { sizeBytes, name } = source
  if (sizeBytes > saveInMemoryBytesMax) throw new TooLargeToSave(sizeBytes)
  const blob = await new Response(source.read(0, sizeBytes)).blob()
  if (blob.size !== sizeBytes) throw new StreamFailed('too-few-bytes')
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), lettingGoMs)
  return 'handed'
}

/** No event tells that the browser has taken a download over; a minute is enough for the slowest. */
const lettingGoMs = 60_000

/** Where the page lives, which is the worker's scope too. */
export const homeUrl = (): URL => new URL(import.meta.env.BASE_URL, document.baseURI)
