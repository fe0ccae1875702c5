import fc from 'fast-check'

/** Property tests draw from this seed, so that every run is the same; QUIRE_SEED looks elsewhere. A failure prints how to replay it. */
fc.configureGlobal({ seed: Number(globalThis.process?.env.QUIRE_SEED ?? 2026) })

export { default as fc } from 'fast-check'
