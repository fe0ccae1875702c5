import * as quire from '../../../src/index.ts'

/** A page of an application that uses the library: tests and benchmarks reach it as `window.library`. */
Object.assign(globalThis, { library: quire })
