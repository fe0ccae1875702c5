/** Numbers, sizes and times as people read them: units, a space before them that no line breaks at, at most three figures, rounded down where a promise is made. */

/** No line breaks at it. As wide as any space: at text sizes a thin one leaves figure and unit grown together. */
export const space = '\u00a0'

export interface Format {
  /** 1,905 */
  count(n: number): string
  /** 212 MB */
  bytes(n: number): string
  /** "124 of 201 MB": both in the unit of the larger, unless that leaves nothing of the part. */
  bytesOf(part: number, whole: number): string
  /** 4.2 MB/s */
  rate(bytesPerSecond: number): string
  /** 62 %, rounded down: 100 only when everything is here. */
  percent(part: number, whole: number): string
  /** 18 s, 3 min, 2 h 5 min */
  duration(ms: number): string
  /** A day within a year from now: "January 2". */
  date(atMs: number): string
  /** A minute of a day: "January 2, 8:05 PM". */
  moment(atMs: number): string
}

/** Words that stand between figures or behind them. */
export interface FigureWords {
  of(part: string, whole: string): string
  days(n: number): string
  readonly h: string
  readonly min: string
  readonly s: string
}

const units = ['kB', 'MB', 'GB', 'TB']

export function formatFor(language: string, words: FigureWords): Format {
  const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 })
  const oneDecimal = new Intl.NumberFormat(language, { maximumFractionDigits: 1 })
  const day = new Intl.DateTimeFormat(language, { day: 'numeric', month: 'long' })
  const minute = new Intl.DateTimeFormat(language, {
    day: 'numeric',
    month: 'long',
    hour: 'numeric',
    minute: '2-digit'
  })
  const short = (n: number) => (n < 99.95 ? oneDecimal : whole).format(n)

  /** The power of 1,000 whose unit gives at most three figures. */
  const powerOf = (bytes: number): number => {
    let power = 0
    while (power < units.length && bytes / 1000 ** power >= 999.5) power++
    return power
  }
  const bytes = (n: number): string => {
    const power = powerOf(n)
    return power === 0 ? `${whole.format(n)}${space}B` : `${short(n / 1000 ** power)}${space}${units[power - 1]}`
  }

  return {
    count: (n) => whole.format(n),
    bytes,
    bytesOf(part, all) {
      const power = powerOf(all)
      if (part > 0 && part / 1000 ** power < 0.05) return words.of(bytes(part), bytes(all))
      return words.of(short(part / 1000 ** power), bytes(all))
    },
    date: (atMs) => day.format(atMs).replace(' ', space),
    moment: (atMs) => minute.format(atMs),
    rate: (bytesPerSecond) => `${bytes(bytesPerSecond)}/s`,
    percent: (part, all) => `${percentOf(part, all)}${space}%`,
    duration(ms) {
      const seconds = Math.max(1, Math.ceil(ms / 1000))
      if (seconds < 90) return `${seconds}${space}${words.s}`
      const minutes = Math.round(seconds / 60)
      const rest = (n: number) => `${n}${space}${words.min}`
      if (minutes < 90) return rest(minutes)
      const hours = Math.floor(minutes / 60)
      if (hours >= 48) return words.days(Math.round(hours / 24))
      return `${hours}${space}${words.h}${minutes % 60 === 0 ? '' : ` ${rest(minutes % 60)}`}`
    }
  }
}

/** Whole percents, rounded down; 0 while nothing is known. */
export function percentOf(part: number, whole: number): number {
  if (whole <= 0) return 0
  return Math.max(0, Math.min(100, Math.floor((part / whole) * 100)))
}
