import { hashOf, routeOf } from '../routes.ts'
import type { Route } from '../routes.ts'

const home: Route = { name: 'library' }
/** A sheet has an address, and lies over the place that it was opened from. */
const isSheet = ({ name }: Route): boolean => name === 'share' || name === 'keeper'

/** Where the page is, by the fragment of its address. */
export class Router {
  #route = $state.raw<Route>(routeOf(location.hash))
  #place = $state.raw<Route>(isSheet(this.#route) ? home : this.#route)
  #placeHash = location.hash
  #steps = 0

  constructor() {
    addEventListener('hashchange', () => {
      this.#steps++
      this.#enter(isSheet(this.#route) && location.hash === this.#placeHash ? this.#place : routeOf(location.hash))
    })
  }

  get route(): Route {
    return this.#route
  }

  /** The route, or what lies under its sheet: the same object before, under and after it, so that nothing begins anew. */
  get place(): Route {
    return this.#place
  }

  /** The person came here from another place of this page. */
  get moved(): boolean {
    return this.#steps > 0
  }

  go(hash: string): void {
    const before = location.hash
    location.hash = hash
    // The same address once more, which is no change to the browser, begins anew: a link that failed is tried again.
    if (location.hash === before) this.#enter(routeOf(before))
  }

  /** To where the person came from, if that was within the page. */
  back(): void {
    if (this.#steps > 0) history.back()
    else this.go(hashOf.library)
  }

  #enter(route: Route): void {
    this.#route = route
    if (isSheet(route)) return
    this.#place = route
    this.#placeHash = location.hash
  }
}
