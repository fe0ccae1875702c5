/** The sign-in page of a network: HTML to whatever is asked over HTTP. Its port is the argument. Run inside a lab. */
import { createServer } from 'node:http'

const page = '<!doctype html><title>Welcome</title><p>Please sign in to use this network.'
const server = createServer((_request, response) => {
  response.writeHead(200, { 'Content-Type': 'text/html' })
  response.end(page)
})
server.listen(Number(process.argv[2]), '0.0.0.0', () => console.log('ready'))
