/**
 * Stands in the page for `@multiformats/dns`, which asks public resolvers over HTTPS what a `/dnsaddr` address stands
 * for: a page of Quire asks no third party anything, whatever addresses a link or a peer brings. Names of hosts are
 * resolved by the browser.
 */
export const RecordType = { A: 1, CNAME: 5, TXT: 16, AAAA: 28 }

export function dns(): { query(): never } {
  return {
    query() {
      throw new Error('This page resolves no /dnsaddr addresses.')
    }
  }
}
