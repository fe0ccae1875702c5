import { hashOf, routeOf } from '../routes.ts'
import type { Route } from '../routes.ts'

/** Where the page is, by the fragment of its address. */
export class Router {
  #route = $state.raw<Route>(routeOf(location.hash))
  #steps = 0

  constructor() {
    addEventListener('hashchange', () => {
      this.#steps++
      this.#route = routeOf(location.hash)
    })
  }

  get route(): Route {
    return this.#route
  }

  /** The person came here from another place of this page. */
  get moved(): boolean {
    return this.#steps > 0
  }

  go(hash: string): void {
    const before = location.hash
    location.hash = hash
    // The same address once more, which is no change to the browser, begins anew: a link that failed is tried again.
    if (location.hash === before) this.#route = routeOf(before)
  }

  /** To where the person came from, if that was within the page. */
  back(): void {
    if (this.#steps > 0) history.back()
    else this.go(hashOf.library)
  }
}
