import type { Item, ItemView } from '../src/engine/types.ts'

/** Shows how an item fares: a line that changes on a terminal, JSON lines when asked. Returns how to end it. */
export function followProgress(item: Item, json: boolean): () => void {
  const terminal = process.stderr.isTTY
  let last = ''
  const show = (view: ItemView) => {
    const { state, doneBytes, totalBytes, rateBytesPerSecond, peers } = view
    const percent = totalBytes > 0 ? Math.floor((doneBytes / totalBytes) * 100) : 0
    const key = `${state} ${percent}`
    if (key === last) return
    last = key
    if (json) console.log(JSON.stringify({ state, doneBytes, totalBytes, peers: peers.length, rateBytesPerSecond }))
    else if (terminal) process.stderr.write(`\r\u001b[K${line(view, percent)}`)
  }
  const stop = item.subscribe(show)
  show(item.peek())
  return () => {
    stop()
    if (terminal && !json) process.stderr.write('\r\u001b[K')
  }
}

function line({ state, title, rateBytesPerSecond, peers }: ItemView, percent: number): string {
  if (state === 'waiting') return `${title || 'waiting'}: nobody who has it is online; it starts when somebody is`
  const rate = rateBytesPerSecond > 0 ? `, ${(rateBytesPerSecond / 1e6).toFixed(1)} MB/s` : ''
  const from =
    peers.length > 0 ? ` from ${peers.length} (${[...new Set(peers.map((peer) => peer.kind))].join(', ')})` : ''
  return `${title || state}: ${percent} %${rate}${from}`
}
