import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { peerName } from '../../src/core/names.ts'

const peers = Array.from({ length: 20_000 }, (_, i) => `12D3KooW${i}` as PeerId)

describe('peer names', () => {
  it('are two capitalised words, the same each time', () => {
    for (const peer of peers.slice(0, 200)) {
      expect(peerName(peer)).toMatch(/^[A-Z][a-z]+ [A-Z][a-z]+$/)
      expect(peerName(peer)).toBe(peerName(peer))
    }
  })

  it('use 64 × 64 words, none of them twice', () => {
    const names = peers.map(peerName)
    expect(new Set(names.map((name) => name.split(' ')[0])).size).toBe(64)
    expect(new Set(names.map((name) => name.split(' ')[1])).size).toBe(64)
  })
})
