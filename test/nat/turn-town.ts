import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TlsFiles } from '../../relay/tls.ts'
import type { TurnOffer } from '../../relay/turn/turn.ts'
import type { Certified } from '../support/certificates.ts'
import { temporaryFolder } from '../support/files.ts'
import { type Quire, startQuire } from '../support/program.ts'
import { Lab, relayAddress } from './lab.ts'

/** A lab in which relays with TURN are started, and asked by coturn's own client at a host of its own address. */
export class TurnTown implements AsyncDisposable {
  readonly #lab: Lab
  readonly #folder: Awaited<ReturnType<typeof temporaryFolder>>
  readonly #running = new Set<Quire>()

  private constructor(lab: Lab, folder: Awaited<ReturnType<typeof temporaryFolder>>) {
    this.#lab = lab
    this.#folder = folder
    lab.setKind('a', 'none')
    lab.setKind('b', 'port-restricted')
  }

  static async found(): Promise<TurnTown> {
    return new TurnTown(await Lab.build(), await temporaryFolder('turn'))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lab[Symbol.asyncDispose]()
    await this.#folder[Symbol.asyncDispose]()
  }

  async start(env: Readonly<Record<string, string>> = {}, port = 80): Promise<Quire> {
    const quire = await startQuire({
      port,
      dataDir: join(this.#folder.path, String(port)),
      launcher: this.#lab.spaces.within('internet'),
      env: { QUIRE_HOST: '0.0.0.0', QUIRE_PUBLIC_HOST: relayAddress, ...env }
    })
    this.#running.add(quire)
    return quire
  }

  async stop(quire: Quire): Promise<void> {
    this.#running.delete(quire)
    await quire.stop()
  }

  async kill(quire: Quire): Promise<void> {
    this.#running.delete(quire)
    await quire.program.kill()
  }

  async stopAll(): Promise<void> {
    for (const quire of this.#running) await this.stop(quire)
  }

  /** A certificate in files, where another can be put in its place. */
  async certificate(first: Certified): Promise<{ files: TlsFiles; put: (next: Certified) => Promise<void> }> {
    const files = { cert: join(this.#folder.path, 'cert.pem'), key: join(this.#folder.path, 'key.pem') }
    const put = async ({ cert, key }: Certified): Promise<void> => {
      await writeFile(files.cert, cert)
      await writeFile(files.key, key)
    }
    await put(first)
    return { files, put }
  }

  /** The serial number of the certificate that the relay's machine shows at a port. */
  async serialAt(port: number): Promise<number> {
    const look = `const socket = require('tls').connect({ host: '${relayAddress}', port: ${port}, rejectUnauthorized: false },
      () => (console.log(socket.getPeerCertificate().serialNumber), socket.destroy()))`
    return parseInt(await this.#atHost([process.execPath, '-e', look]), 16)
  }

  /** What `/config.json` offers the host. */
  async offer(port = 80): Promise<TurnOffer | undefined> {
    const scheme = port === 443 ? 'https' : 'http'
    const ask = `process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'; process.removeAllListeners('warning')
      fetch('${scheme}://${relayAddress}:${port}/config.json').then((got) => got.text()).then(console.log)`
    const said = await this.#atHost([process.execPath, '--no-warnings', '-e', ask])
    return (JSON.parse(said) as { turn?: TurnOffer }).turn
  }

  /** What coturn's own client says that uses the offer over UDP, or TCP by `-t`, within so many seconds. */
  async use(flags: readonly string[], change: Partial<TurnOffer> = {}, seconds = 30): Promise<string> {
    const offer = { ...(await this.offer())!, ...change }
    return this.#atHost(clientOf(offer, offer.port, seconds, [...flags, relayAddress]))
  }

  /**
   * The same over TLS. Of the handshakes that coturn's client makes itself half hang, while every other program's
   * end: it speaks TCP to a port of its own host, from where it goes on over TLS.
   */
  async useOverTls(flags: readonly string[], change: Partial<TurnOffer> = {}, seconds = 30): Promise<string> {
    const offer = { ...(await this.offer(443))!, ...change }
    const words = clientOf(offer, undefined, seconds, ['-t', ...flags, '127.0.0.1'])
    const wrap = `const ends = require('net').createServer((plain) => {
        const secure = require('tls').connect({ host: '${relayAddress}', port: ${offer.tlsPort}, rejectUnauthorized: false })
        plain.pipe(secure).pipe(plain)
        for (const end of [plain, secure]) end.on('error', () => {})
      }).listen(0, '127.0.0.1', () => {
        const [program, ...words] = [...${JSON.stringify(words)}, '-p', String(ends.address().port)]
        require('child_process').spawn(program, words, { stdio: 'inherit' }).once('close', () => process.exit())
      })`
    return this.#atHost([process.execPath, '-e', wrap])
  }

  /** What a program says that runs at the host, whatever came of it. */
  #atHost(words: readonly string[]): Promise<string> {
    const [program, ...rest] = [...this.#lab.spaces.within('host-a'), ...words]
    const child = spawn(program!, rest, { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const output of [child.stdout, child.stderr]) output.on('data', (text) => (said += String(text)))
    return new Promise((resolve) => child.once('close', () => resolve(said)))
  }
}

/** The words that start coturn's client, which sends one message. */
function clientOf(
  { username, credential }: TurnOffer,
  port: number | undefined,
  seconds: number,
  more: readonly string[]
): string[] {
  const place = port === undefined ? [] : ['-p', String(port)]
  return [
    'timeout',
    String(seconds),
    'turnutils_uclient',
    '-u',
    username,
    '-w',
    credential,
    '-n',
    '1',
    ...place,
    ...more
  ]
}
