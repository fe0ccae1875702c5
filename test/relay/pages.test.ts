import { mkdir, writeFile } from 'node:fs/promises'
import { createServer, request, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pageHandler, type Route } from '../../relay/pages.ts'
import { temporaryFolder } from '../support/files.ts'

const long = '/* a script that is worth packing */\n'.repeat(1_000)
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let server: Server

beforeAll(async () => {
  folder = await temporaryFolder('pages')
  const root = join(folder.path, 'dist')
  await mkdir(join(root, 'assets'), { recursive: true })
  await writeFile(join(folder.path, 'secret.txt'), 'secret')
  await writeFile(join(folder.path, 'dist-beside.txt'), 'secret')
  await writeFile(join(root, 'index.html'), '<!doctype html>')
  await writeFile(join(root, 'sw.js'), '0')
  await writeFile(join(root, 'empty.txt'), '')
  await writeFile(join(root, 'assets', 'app-1a2b.js'), '0123456789')
  await writeFile(join(root, 'assets', 'long-3c4d.js'), long)
  const routes = new Map<string, Route>([
    ['/config.json', () => ({ version: 1 })],
    ['/early.json', () => undefined]
  ])
  server = createServer(pageHandler(root, routes))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})

afterAll(async () => {
  server.close()
  server.closeAllConnections()
  await folder[Symbol.asyncDispose]()
})

/** Sends a path exactly as it stands, where `fetch` would tidy it. */
async function ask(path: string, headers: Record<string, string> = {}, method = 'GET') {
  const { port } = server.address() as AddressInfo
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request({ port, host: '127.0.0.1', path, headers, method, agent: false }, resolve).on('error', reject).end()
  })
  const bytes = Buffer.concat(await response.toArray())
  return { status: response.statusCode, headers: response.headers, bytes, body: bytes.toString() }
}

describe('pages', () => {
  it.each(['/', '/nothing', '/config.json', '/assets/app-1a2b.js'])('lets no foreign script run: %s', async (path) => {
    const { headers } = await ask(path)
    const text = String(headers['content-security-policy'])
    const policy = Object.fromEntries(text.split('; ').map((directive) => directive.split(/ (.*)/)))
    expect(policy).toMatchObject({
      'default-src': "'none'",
      'script-src': "'self' 'wasm-unsafe-eval'",
      'style-src': "'self'",
      'frame-ancestors': "'none'",
      'require-trusted-types-for': "'script'"
    })
    expect(text).not.toMatch(/'unsafe-inline'|'unsafe-eval'|\*/)
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'permissions-policy': expect.stringContaining('camera=()')
    })
  })

  it.each([
    ['/', 'text/html; charset=utf-8', 'no-cache'],
    ['/index.html?x=1', 'text/html; charset=utf-8', 'no-cache'],
    ['/sw.js', 'text/javascript; charset=utf-8', 'no-cache'],
    ['/assets/app-1a2b.js', 'text/javascript; charset=utf-8', 'public, max-age=31536000, immutable'],
    ['/config.json', 'application/json', 'no-store']
  ])('gives %s its type, kept as long as it may be', async (path, type, kept) => {
    const { status, headers } = await ask(path)
    expect(status).toBe(200)
    expect(headers).toMatchObject({ 'content-type': type, 'cache-control': kept })
  })

  it.each([
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/assets/../../secret.txt',
    '/..%2fsecret.txt',
    '/assets/%2e%2e%2f%2e%2e%2fsecret.txt',
    '/../dist-beside.txt',
    '/..\\secret.txt',
    '//etc/passwd',
    '/assets',
    '/assets/',
    '/.',
    '/nothing'
  ])('does not leave its folder: %s', async (path) => {
    const { status, body } = await ask(path)
    expect(status).toBe(404)
    expect(body).not.toContain('secret')
  })

  it.each(['/%', '/%ff', '/a%00b', 'http://elsewhere.example/'])(
    'refuses an address without sense: %s',
    async (path) => {
      expect((await ask(path)).status).toBe(400)
    }
  )

  it('answers HEAD with headers alone, and nothing but GET and HEAD', async () => {
    const head = await ask('/assets/app-1a2b.js', {}, 'HEAD')
    expect(head).toMatchObject({ status: 200, body: '', headers: { 'content-length': '10' } })
    expect(await ask('/', {}, 'POST')).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } })
  })

  it('answers ranges', async () => {
    const part = await ask('/assets/app-1a2b.js', { range: 'bytes=2-4' })
    expect(part).toMatchObject({ status: 206, body: '234', headers: { 'content-range': 'bytes 2-4/10' } })
    const beyond = await ask('/assets/app-1a2b.js', { range: 'bytes=10-' })
    expect(beyond).toMatchObject({ status: 416, headers: { 'content-range': 'bytes */10' } })
    expect(await ask('/empty.txt')).toMatchObject({ status: 200, body: '' })
  })

  it('does not send again what a browser has', async () => {
    const { headers } = await ask('/')
    expect(await ask('/', { 'if-none-match': String(headers.etag) })).toMatchObject({ status: 304, body: '' })
  })

  it('tells pages from elsewhere what it knows, once it knows it', async () => {
    expect((await ask('/config.json')).headers['access-control-allow-origin']).toBe('*')
    expect((await ask('/')).headers['access-control-allow-origin']).toBeUndefined()
    expect((await ask('/early.json')).status).toBe(503)
  })
})

describe('[RL27] what is worth it', () => {
  const path = '/assets/long-3c4d.js'

  it.each(['gzip', 'br, gzip;q=0.8', 'GZIP'])(
    'is packed for whoever says that they unpack it: %s',
    async (accepted) => {
      const { headers, bytes } = await ask(path, { 'accept-encoding': accepted })
      expect(headers).toMatchObject({ 'content-encoding': 'gzip', 'vary': 'Accept-Encoding' })
      expect(headers['content-length']).toBe(String(bytes.length))
      expect(bytes.length).toBeLessThan(long.length / 10)
      expect(gunzipSync(bytes).toString()).toBe(long)
    }
  )

  it.each(['', 'br', 'gzip;q=0', 'gzip;q=0.0', 'identity'])('goes as it is to others: "%s"', async (accepted) => {
    const { headers, body } = await ask(path, { 'accept-encoding': accepted })
    expect([headers['content-encoding'], headers.vary, body]).toEqual([undefined, 'Accept-Encoding', long])
  })

  it('is as long for who asks for the head alone, and a part is one of the file itself', async () => {
    const whole = await ask(path, { 'accept-encoding': 'gzip' })
    const head = await ask(path, { 'accept-encoding': 'gzip' }, 'HEAD')
    expect([head.body, head.headers['content-length']]).toEqual(['', whole.headers['content-length']])
    const part = await ask(path, { 'accept-encoding': 'gzip', 'range': 'bytes=3-10' })
    expect([part.status, part.headers['content-encoding'], part.body]).toEqual([206, undefined, long.slice(3, 11)])
  })

  it('is packed anew when it has changed', async () => {
    const file = join(folder.path, 'dist', 'sw.js')
    for (const text of [long, `${long}again`]) {
      await writeFile(file, text)
      const { bytes } = await ask('/sw.js', { 'accept-encoding': 'gzip' })
      expect(gunzipSync(bytes).toString()).toBe(text)
    }
  })
})
