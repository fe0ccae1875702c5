import { describe, expect, it } from 'vitest'
import { hashOf, hashOfLink, routeOf } from '../../src/ui/routes.ts'
import type { SetId } from '../../src/core/ids.ts'

const cid = 'zDvZRwzkzHsB5hC8vNMxQ7fT1dKq3rLp9wYbGj2mAcEuXo4SiJh'

describe('places of the page', () => {
  it('opens a link whole, whatever version it is of', () => {
    expect(routeOf(`#/s/${cid}?k=abc&r=x`)).toEqual({ name: 'receive', link: `#/s/${cid}?k=abc&r=x` })
    expect(routeOf(`#s/${cid}`)).toEqual({ name: 'receive', link: `#/s/${cid}` })
    expect(routeOf(`#/s2/${cid}?q=1`)).toEqual({ name: 'receive', link: `#/s2/${cid}?q=1` })
    expect(routeOf('#/s/')).toEqual({ name: 'receive', link: '#/s/' })
  })

  it('comes back to the item that an address was made for', () => {
    const id = 'q4W-7_x' as SetId
    expect(routeOf(hashOf.share(id))).toEqual({ name: 'share', id })
    expect(routeOf(hashOf.item(id))).toEqual({ name: 'item', id })
    expect(routeOf(hashOf.library)).toEqual({ name: 'library' })
  })

  it('opens an invitation to a keeper, which is no link to files', () => {
    expect(routeOf('#/keeper/ASAB')).toEqual({ name: 'keeper', link: '/keeper/ASAB' })
    expect(routeOf('#/keeper')).toEqual({ name: 'library' })
  })

  it('leads anything unknown to the library', () => {
    for (const hash of ['', '#', '#/nowhere', '#/share/', '#/i/a/b', '#/settings'])
      expect(routeOf(hash).name).toBe('library')
  })
})

describe('pasted text', () => {
  it('finds the link of any page, even broken over lines or in brackets', () => {
    const fragment = `#/s/${cid}?k=abc`
    for (const text of [
      `https://quire.example/${fragment}`,
      `<http://localhost:8787/x/${fragment}>`,
      ` ${fragment}\n`,
      `/s/${cid}?k=abc`
    ]) {
      expect(hashOfLink(text)).toBe(fragment)
    }
    expect(hashOfLink(`https://quire.example/#/s/${cid.slice(0, 20)}\n  ${cid.slice(20)}?k=abc`)).toBe(fragment)
  })

  it('finds an invitation, and tells it from a link at a page in a folder of that name', () => {
    for (const text of [
      'https://quire.example/#/keeper/AS_b',
      '<https://quire.example/x/#/keeper/AS\n_b>',
      '#/keeper/AS_b'
    ])
      expect(hashOfLink(text)).toBe('#/keeper/AS_b')
    expect(hashOfLink(`https://quire.example/keeper/#/s/${cid}`)).toBe(`#/s/${cid}`)
  })

  it('takes a bare address, and nothing that is none', () => {
    expect(hashOfLink(`${cid}?k=abc`)).toBe(`#/s/${cid}?k=abc`)
    for (const text of ['', 'hello', 'https://example.org/', 'zDv', 'magnet:?xt=urn:btih:abc'])
      expect(hashOfLink(text)).toBeUndefined()
  })
})
