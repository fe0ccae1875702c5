import { describe, expect, it } from 'vitest'
import { parseRequest } from '../../src/sw/handler.ts'
import { shareTargetHandler } from '../../src/sw/share-target.ts'

const home = 'https://quire.example/app/'

/** What programs shared, as caches hold it; `put` may fail. */
function cachesOf(put: () => Promise<void>) {
  const kept = new Set<string>()
  const cache = { put: async (url: string) => (await put(), kept.add(url)) }
  const caches = { open: () => Promise.resolve(cache), delete: () => Promise.resolve(kept.clear()) }
  return { kept, caches: caches as unknown as CacheStorage }
}

function share(caches: CacheStorage, body: FormData | string): Promise<Response> {
  const request = new Request(`${home}received`, { method: 'POST', body })
  const handler = shareTargetHandler(caches, home)
  const parsed = parseRequest(request, home, '')
  expect(handler.canHandle(parsed)).toBe(true)
  return handler.handle(parsed)
}

function twoFiles(): FormData {
  const form = new FormData()
  for (const name of ['a.txt', 'b.txt']) form.append('files', new File(['text'], name))
  return form
}

describe('what another program shares', () => {
  it('is kept for the page, which opens', async () => {
    const { caches, kept } = cachesOf(() => Promise.resolve())
    const answer = await share(caches, twoFiles())
    expect([answer.status, answer.headers.get('location')]).toEqual([303, `${home}#/received`])
    expect([...kept]).toEqual([`${home}received/0`, `${home}received/1`])
  })

  it('leads to a page with words where it cannot be kept, and leaves nothing behind', async () => {
    let puts = 0
    const full = () => (++puts > 1 ? Promise.reject(new DOMException('', 'QuotaExceededError')) : Promise.resolve())
    const { caches, kept } = cachesOf(full)
    const answer = await share(caches, twoFiles())
    expect([answer.status, answer.headers.get('location')]).toEqual([303, `${home}#/not-received`])
    expect(kept.size).toBe(0)
  })

  it('leads there too where it is no form', async () => {
    const answer = await share(cachesOf(() => Promise.resolve()).caches, 'no form')
    expect(answer.headers.get('location')).toBe(`${home}#/not-received`)
  })
})
