import { describe, expect, it } from 'vitest'
import { inked, resampled, widthOf } from '../../src/ui/drawing.ts'
import { kindWord, previewKind } from '../../src/ui/kinds.ts'

const spacing = { pitch: 7, stroke: 5, gap: 0, height: 28 }

describe('leaves', () => {
  it('fill from the foot, one path for each colour', () => {
    expect(inked([255, 0, 128], () => 'p1', spacing)).toEqual([
      { ink: 'e', d: 'M9.5 28V0M16.5 28V0' },
      { ink: 'p1', d: 'M2.5 28V0M16.5 28V13.95' }
    ])
  })

  it('show anything that is there, and nothing where nothing is', () => {
    expect(inked([1], () => 'p2', spacing)[1]).toEqual({ ink: 'p2', d: 'M2.5 28V24.5' })
    expect(inked([0], () => 'p2', spacing).map(({ ink }) => ink)).toEqual(['e'])
  })

  it('stand for many or few blocks in a strip, and never seem whole before they are', () => {
    const levels = new Uint8Array(384).fill(255)
    const owners = new Uint8Array(384).fill(3)
    levels[383] = 254
    const strip = resampled({ blocksPerLeaf: 8, levels, owners }, 24)
    expect(strip.levels.slice(0, 23)).toEqual(new Array(23).fill(255))
    expect(strip.levels[23]).toBe(254)
    expect(
      resampled({ blocksPerLeaf: 1, levels: new Uint8Array([255]), owners: new Uint8Array([1]) }, 24).levels
    ).toEqual(new Array(24).fill(255))
    expect(resampled({ blocksPerLeaf: 1, levels: new Uint8Array(0), owners: new Uint8Array(0) }, 2)).toEqual({
      levels: [0, 0],
      owners: [0, 0]
    })
  })

  it('stand in gatherings of eight', () => {
    expect(widthOf(24, { pitch: 3.4, stroke: 2.1, gap: 2.2, height: 20 })).toBe(84.7)
  })
})

describe('previews', () => {
  const kind = (mimeType: string, path = 'file') => previewKind({ mimeType, path })

  it('show pictures, sound, moving pictures and text', () => {
    expect(
      ['image/png', 'image/svg+xml', 'audio/flac', 'video/mp4', 'text/plain; charset=utf-8', 'application/json'].map(
        (type) => kind(type)
      )
    ).toEqual(['image', 'image', 'audio', 'video', 'text', 'text'])
    expect(kind('', 'notes.md')).toBe('text')
  })

  it('never show what could run something', () => {
    for (const type of [
      'text/html',
      'TEXT/HTML; charset=x',
      'application/xhtml+xml',
      'application/pdf',
      'application/zip',
      ''
    ]) {
      expect(kind(type, 'page.html')).toBe('none')
    }
  })

  it('have a word for their kind', () => {
    expect(['video/mp4', 'application/pdf', 'application/zip', 'x/y'].map((type) => kindWord(type))).toEqual([
      'Video',
      'PDF',
      'Archive',
      'File'
    ])
  })
})
