import * as quire from 'quire'

/** A page of an application that uses the library: benchmarks reach it as `window.library`. */
Object.assign(globalThis, { library: quire })
