import { execFileSync, spawn } from 'node:child_process'
import { chmod, mkdtemp, writeFile } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Transform } from 'node:stream'
import { findProgram, shellPath } from './chromium.ts'
import { end } from './engines/children.ts'
import { removeFolder } from './files.ts'

/**
 * A network of its own for a browser, in which `localhost` has one port of this machine and nothing else, as where a
 * firewall lets nothing through but a web server. Takes root and iproute2.
 */
export interface OwnNetwork extends AsyncDisposable {
  /** Starts Chromium in it, with the arguments that it is given. */
  readonly program: string
  /** Lays a cable to this machine, over which everything goes, or takes it away. */
  setOpen(isOpen: boolean): void
}

/** Passes connections on from inside to the socket that the outside listens at. Run in the network, as a script. */
const passOn = `const [path, port] = process.argv.slice(1)
const { connect, createServer } = require('node:net')
createServer((near) => {
  const far = connect(path)
  near.pipe(far).pipe(near)
  for (const each of [near, far]) each.on('error', () => (near.destroy(), far.destroy()))
}).listen(Number(port), '127.0.0.1', () => console.log('listening'))`

/** Passes on what it is given, each piece after the time that it takes. */
const paced = (bytesPerSecond: number) =>
  new Transform({
    // Time: a line takes some.
    transform: (piece: Buffer, _, done) => void setTimeout(done, (piece.length * 1_000) / bytesPerSecond, null, piece)
  })

let networks = 0

/** As many bytes a second as `bytesPerSecond` come in by that port. */
export async function ownNetwork(port: number, bytesPerSecond = Infinity): Promise<OwnNetwork> {
  const ip = findProgram(['ip'])
  if (ip === undefined) throw new Error('No ip here: npm test installs it, or apt-get install iproute2.')
  const run = (...words: string[]) => void execFileSync(ip, words, { stdio: ['ignore', 'ignore', 'pipe'] })
  const name = `quire${process.pid}-${++networks}`
  const [near, far] = [`q${process.pid}n${networks}`, `q${process.pid}f${networks}`]
  const subnet = `10.213.${networks}`
  const home = await mkdtemp(join(tmpdir(), 'quire-network-'))
  const path = join(home, 'socket')
  const outside = createServer((socket: Socket) => {
    const relay = connect(port, '127.0.0.1')
    socket.pipe(relay).pipe(paced(bytesPerSecond)).pipe(socket)
    for (const each of [socket, relay]) each.on('error', () => (socket.destroy(), relay.destroy()))
  })
  run('netns', 'add', name)
  run('-n', name, 'link', 'set', 'lo', 'up')
  run('link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', name)
  run('address', 'add', `${subnet}.1/24`, 'dev', near)
  run('-n', name, 'address', 'add', `${subnet}.2/24`, 'dev', far)
  run('-n', name, 'link', 'set', far, 'up')
  await new Promise<void>((resolve) => outside.listen(path, resolve))
  const inside = spawn(ip, ['netns', 'exec', name, process.execPath, '-e', passOn, path, String(port)], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  await new Promise((resolve) => createInterface({ input: inside.stdout }).once('line', resolve))
  const program = join(home, 'chromium')
  await writeFile(program, `#!/bin/sh\nexec ${ip} netns exec ${name} ${shellPath()} "$@"\n`)
  await chmod(program, 0o755)
  return {
    program,
    setOpen(isOpen) {
      run('link', 'set', near, isOpen ? 'up' : 'down')
      if (isOpen) run('-n', name, 'route', 'add', 'default', 'via', `${subnet}.1`)
    },
    async [Symbol.asyncDispose]() {
      await end(inside)
      await new Promise((resolve) => outside.close(resolve))
      run('netns', 'delete', name)
      await removeFolder(home)
    }
  }
}
