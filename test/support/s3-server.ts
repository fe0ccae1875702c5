import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { BucketPlace } from '../../src/store/s3.ts'
import { temporaryFolder } from './files.ts'

const home = fileURLToPath(new URL('../s3', import.meta.url))

/** An S3-compatible server with an empty bucket. `await using` ends it. */
export async function startS3(): Promise<AsyncDisposable & { readonly place: BucketPlace }> {
  if (!existsSync(`${home}/node_modules/s3rver`)) {
    execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: home, stdio: 'ignore' })
  }
  const folder = await temporaryFolder('s3')
  const child = spawn(process.execPath, ['--no-deprecation', 'server.js', folder.path], {
    cwd: home,
    stdio: ['pipe', 'pipe', 'inherit']
  })
  const [port] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  return {
    place: {
      endpoint: `http://127.0.0.1:${port}`,
      bucket: 'quire',
      region: 'us-east-1',
      accessKeyId: 'S3RVER',
      secretAccessKey: 'S3RVER'
    },
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'close')
      child.stdin.end()
      await ended
      await folder[Symbol.asyncDispose]()
    }
  }
}
