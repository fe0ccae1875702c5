import { execFileSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { versionOf } from '../../src/sw/vite-plugin.ts'
import { temporaryFolder } from '../support/files.ts'

it('[RL18] the hash of a page is what anybody gets with sha256sum', async () => {
  await using folder = await temporaryFolder('version')
  const dist = join(folder.path, 'dist')
  await mkdir(join(dist, 'assets'), { recursive: true })
  for (const name of ['index.html', 'assets/b-1.js', 'assets/A-2.js', 'sw.js', 'version.json']) {
    await writeFile(join(dist, name), name)
  }
  const command = 'find . -type f ! -name version.json | LC_ALL=C sort | xargs sha256sum | sha256sum'
  const [page] = execFileSync('sh', ['-c', command], { cwd: dist, encoding: 'utf8' }).split(' ')
  expect(versionOf('1.2.3', dist)).toEqual({ version: '1.2.3', page })
  await writeFile(join(dist, 'sw.js'), 'another')
  expect(versionOf('1.2.3', dist).page).not.toBe(page)
})
