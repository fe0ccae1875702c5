// An S3-compatible server with one bucket, until its standard input ends: prints its port.
import S3rver from 's3rver'

const server = new S3rver({
  address: '127.0.0.1',
  port: 0,
  silent: true,
  directory: process.argv[2],
  configureBuckets: [{ name: 'quire' }]
})
const { port } = await server.run()
console.log(port)
process.stdin.resume().once('end', () => process.exit(0))
