import { existsSync, readFileSync, writeFileSync } from 'node:fs'

const file = new URL('RESULTS.md', import.meta.url)

/** What one part of the benchmark found. */
export interface Section {
  readonly title: string
  /** What is counted, from when until when. */
  readonly explains: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

const intro = `# What was measured

Written by \`npm run bench\`; each part says how it ran. Parts ran on different days and machines, whose pace varies by
half: each compares within itself alone. Ways that are compared take turns within one run. Values are medians with every
round behind them, ratios are medians of the rounds' ratios, and processor time (CPU) is that of all processes together:
both browsers, relay and trackers, and the program that drives them. Times fail nothing.
`

/** Writes these sections; those of earlier runs stay as they are. Returns the text of the new ones. */
export function writeSections(sections: readonly Section[], order: readonly string[], conditions: string): string {
  const texts = new Map(existsSync(file) ? sectionsOf(readFileSync(file, 'utf8')) : [])
  for (const section of sections) texts.set(section.title, textOf(section, conditions))
  const known = order.flatMap((title) => texts.get(title) ?? [])
  writeFileSync(file, [intro, ...known].join('\n'))
  return sections.map(({ title }) => texts.get(title)).join('\n')
}

function sectionsOf(text: string): [string, string][] {
  return text
    .split(/^(?=## )/m)
    .slice(1)
    .map((part) => [part.slice(3, part.indexOf('\n')), `${part.trim()}\n`])
}

function textOf({ title, explains, head, rows }: Section, conditions: string): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const table = [line(head), line(head.map(() => '---')), ...rows.map(line)]
  return `## ${title}\n\n${explains}\n${conditions}\n\n${table.join('\n')}\n`
}
