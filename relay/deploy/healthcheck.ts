// What the image asks itself. A keeper, which serves no page, names its own address in QUIRE_HEALTH_URL.
const { QUIRE_HEALTH_URL, QUIRE_PORT = '8787', QUIRE_TLS_CERT } = process.env

// Its own certificate names its public host, not this one.
if (QUIRE_TLS_CERT) process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
const url = QUIRE_HEALTH_URL ?? `${QUIRE_TLS_CERT ? 'https' : 'http'}://127.0.0.1:${QUIRE_PORT}/healthz`
const isWell = await fetch(url, { signal: AbortSignal.timeout(8_000) }).then(
  ({ ok }) => ok,
  () => false
)
process.exit(isWell ? 0 : 1)

export {}
