import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { launchBrowser } from '../support/browsers.ts'
import { serveLibraryPage } from '../support/library-page.ts'

/** The TypeScript examples of the README, each as its import lines and the lines that follow. */
function examples(): { imports: string; lines: string[] }[] {
  const text = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  return [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => {
    const lines = code!.split('\n').filter((line) => line !== '')
    return {
      imports: lines.filter((line) => line.startsWith('import')).join('\n'),
      lines: lines.filter((line) => !line.startsWith('import'))
    }
  })
}

interface ExamplePage {
  share(file: File): Promise<string>
  fetch(link: string): Promise<ArrayBuffer>
}
declare const window: { example: ExamplePage }

describe('the examples of the README', () => {
  it('[F14] share and fetch in at most ten lines each, exactly as they stand there', async () => {
    const [share, fetch] = examples()
    expect(share!.lines.length).toBeLessThanOrEqual(9)
    expect(fetch!.lines.length).toBeLessThanOrEqual(9)
    await using app = await serveLibraryPage(`
      import { fileSource, openPageQuire } from 'quire'
      async function share(file) { ${share!.lines.join('\n')}\n return link }
      async function fetch(link) { ${fetch!.lines.join('\n')}\n return bytes }
      Object.assign(globalThis, { example: { share, fetch } })
    `)
    await using sender = await launchBrowser()
    await using receiver = await launchBrowser()
    for (const { page } of [sender, receiver]) {
      await page.goto(app.url)
      await page.waitForFunction(() => 'example' in globalThis)
    }
    const link = await sender.page.evaluate(() => window.example.share(new File(['hello'], 'hello.txt')))
    const text = await receiver.page.evaluate(
      async (given) => new TextDecoder().decode(await window.example.fetch(given)),
      link
    )
    expect(text).toBe('hello')
  })
})
