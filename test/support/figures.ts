/** A figure of a relay's `/metrics`; `labels` as they are written, as in `{limit="sockets"}`. */
export async function figure(url: string, name: string, labels = ''): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const line = text.split('\n').find((each) => each.startsWith(`${name}${labels} `))
  if (!line) throw new Error(`There is no figure ${name}${labels}.`)
  return Number(line.slice(line.lastIndexOf(' ') + 1))
}

/** Resolves once a figure is the same at four looks in a row. */
export async function untilStill(url: string, name: string): Promise<void> {
  let [last, same] = [NaN, 0]
  while (same < 4) {
    const now = await figure(url, name)
    same = now === last ? same + 1 : 0
    last = now
    // Time: that nothing moves any more shows only in time.
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** Resolves once a figure is at least this. */
export async function untilFigure(url: string, name: string, least: number, labels = ''): Promise<void> {
  while ((await figure(url, name, labels)) < least) {
    // Time: metrics are read, they do not tell.
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
