/**
 * Tells who asks how it looks from outside: UDP at two addresses and two ports each, given as `address address port
 * port`; TCP at 80 and 443 of the first. A question names who is to answer, as `address port`. Run inside a lab.
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'

const [here, there, ...ports] = process.argv.slice(2) as [string, string, ...string[]]
const places = [here, there].flatMap((address) => ports.map((port) => ({ address, port: Number(port) })))
const sockets = new Map(places.map(({ address, port }) => [`${address} ${port}`, createSocket('udp4')]))

for (const { address, port } of places) {
  const socket = sockets.get(`${address} ${port}`)!
  socket.on('message', (question, from) => {
    const answering = sockets.get(question.toString())
    answering?.send(`${from.address} ${from.port}`, from.port, from.address)
  })
  socket.bind(port, address)
  await once(socket, 'listening')
}
for (const port of [80, 443]) {
  const server = createServer((socket) => socket.end())
  server.listen(port, here)
  await once(server, 'listening')
}
console.log('ready')
