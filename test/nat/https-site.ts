/**
 * The built page over HTTPS on any web server, with a `config.json` that names relays. Its arguments are a
 * port and the relays. Run on the internet of a lab.
 */
import { createServer } from 'node:https'
import { fileURLToPath } from 'node:url'
import { pageHandler } from '../../relay/pages.ts'
import { selfSigned } from '../support/certificates.ts'

const [port, ...relays] = process.argv.slice(2)
const dist = fileURLToPath(new URL('../../dist', import.meta.url))
const page = pageHandler(dist, new Map([['/config.json', () => ({ version: 1, relays })]]))
createServer(selfSigned(3), page).listen(Number(port), '0.0.0.0', () => console.log('ready'))
