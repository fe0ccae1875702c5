/** The list of all that Quire is made of (CycloneDX, `npm run sbom`) can be made, and says of each package what it is. */
import { spawnSync } from 'node:child_process'
import { root } from './tree.ts'

interface Sbom {
  readonly bomFormat: string
  readonly components: readonly { name: string; version?: string; licenses?: unknown[] }[]
}

/** An empty stand-in of our own, and packages that state theirs (MPL 2.0) in words that npm does not read. */
const readByHand = /^(react-native-webrtc|node-datachannel|@node-datachannel\/.+)$/

const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', 'sbom'], {
  cwd: root,
  encoding: 'utf8',
  maxBuffer: 64 * 1024 * 1024
})
if (status === 0) look(JSON.parse(stdout) as Sbom)
else fail(stderr)

function look({ bomFormat, components }: Sbom): void {
  if (bomFormat !== 'CycloneDX') fail(`This is no CycloneDX: ${bomFormat}.`)
  if (components.length === 0) fail('It names no package.')
  for (const { name, version, licenses = [] } of components) {
    if (!version || (licenses.length === 0 && !readByHand.test(name))) fail(`${name} ${version} states no licence.`)
  }
  console.log(`${components.length} packages, each with its version and licence.`)
}

function fail(what: string): void {
  console.log(what)
  process.exitCode = 1
}
