import { describe, expect, it } from 'vitest'
import { titleOf } from '../../src/engine/describe.ts'

describe('the title of a data set', () => {
  it.each<[string, string, readonly string[]]>([
    ['nothing', '', []],
    ['one file', 'film.bin', ['film.bin']],
    ['one file in folders', 'film.bin', ['holidays/sea/film.bin']],
    ['a folder', 'holidays', ['holidays/film.bin', 'holidays/sea/film.bin']],
    ['loose files', 'a.jpg + 2', ['a.jpg', 'b.jpg', 'c.jpg']],
    ['a folder and a file', 'a.jpg + 1', ['holidays/a.jpg', 'b.jpg']],
    ['folders that begin alike', 'a.jpg + 1', ['sea/a.jpg', 'seaside/b.jpg']]
  ])('of %s is %s', (_what, title, paths) => {
    expect(titleOf(paths.map((path) => ({ path })))).toBe(title)
  })
})
