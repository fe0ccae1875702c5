/** A line of a plot: a name and its points. */
export interface Series {
  readonly name: string
  readonly points: readonly { readonly x: number; readonly y: number }[]
}

const width = 640
const height = 360
const margin = 56
const colours = ['#1f6f8b', '#c2571a', '#5a8a2f', '#7b4ea3']

/** A plot as SVG: peers to the right in powers of ten, values upwards from zero. */
export function plot(title: string, unit: string, series: readonly Series[]): string {
  const points = series.flatMap((each) => each.points)
  const [left, right] = [Math.min(...points.map(({ x }) => x)), Math.max(...points.map(({ x }) => x))]
  const top = 1.1 * Math.max(...points.map(({ y }) => y), 1e-9)
  const place = ({ x, y }: { x: number; y: number }) => {
    const along = (Math.log(x) - Math.log(left)) / (Math.log(right) - Math.log(left) || 1)
    return [margin + along * (width - 2 * margin), height - margin - (y / top) * (height - 2 * margin)] as const
  }
  const text = (x: number, y: number, said: string, more = '') => `<text x="${x}" y="${y}" ${more}>${said}</text>`
  const parts: string[] = []
  for (const x of new Set(points.map((point) => point.x))) {
    parts.push(text(place({ x, y: 0 })[0], height - margin + 18, String(x), 'text-anchor="middle"'))
  }
  for (let i = 0; i <= 4; i++) {
    const y = (top * i) / 4
    const [, at] = place({ x: left, y })
    parts.push(`<line x1="${margin}" x2="${width - margin}" y1="${at}" y2="${at}" stroke="#ddd"/>`)
    parts.push(text(margin - 6, at + 4, Number(y.toPrecision(3)).toString(), 'text-anchor="end"'))
  }
  series.forEach(({ name, points: own }, i) => {
    const path = own.map((point) => place(point).join(',')).join(' ')
    parts.push(`<polyline points="${path}" fill="none" stroke="${colours[i]}" stroke-width="2"/>`)
    for (const [x, y] of own.map(place)) parts.push(`<circle cx="${x}" cy="${y}" r="3" fill="${colours[i]}"/>`)
    parts.push(text(margin + 8, margin + 16 * i, name, `fill="${colours[i]}"`))
  })
  parts.push(text(width / 2, 24, `${title} (${unit})`, 'text-anchor="middle" font-weight="bold"'))
  parts.push(text(width / 2, height - 12, 'peers', 'text-anchor="middle"'))
  const style = 'font-family="sans-serif" font-size="12"'
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ${style}><rect width="100%" height="100%" fill="#fff"/>${parts.join('')}</svg>\n`
}
