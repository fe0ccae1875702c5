import { describe, expect, it } from 'vitest'
import { inOrder } from '../../src/ui/ordering.ts'
import { noteOf } from '../../src/ui/note.ts'

describe('a text as a file', () => {
  const nameOf = (text: string) => noteOf(text, 'Note').path

  it('is named after its first words', () => {
    expect(nameOf('Dear all,\nsee you at noon.')).toBe('Dear all.txt')
    expect(nameOf('  \n\n Änderung: 3 Punkte/…')).toBe('Änderung 3 Punkte.txt')
    expect(nameOf('word '.repeat(100)).length).toBeLessThan(50)
  })

  it('has a name of its own where it has no words', () => {
    expect(nameOf('?!\n---')).toBe('Note.txt')
  })

  it('holds the text as it is', async () => {
    const { file } = noteOf('a\n b \n', 'Note')
    expect(await file.text()).toBe('a\n b \n')
    expect(file.type).toBe('text/plain')
  })
})

describe('the order of files', () => {
  it('is by folder and name, with numbers as numbers', () => {
    const paths = ['d/10.txt', 'd/9.txt', 'c/z.txt', 'd/1.txt']
    expect(inOrder(paths.map((path) => ({ path }))).map((index) => paths[index])).toEqual([
      'c/z.txt',
      'd/1.txt',
      'd/9.txt',
      'd/10.txt'
    ])
  })
})
