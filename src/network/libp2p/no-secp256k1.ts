/**
 * Stands in the page for `@noble/curves/secp256k1.js`, which weighs 6.5 KiB of a first load: every peer and relay of
 * Quire has an Ed25519 key. A peer with another kind of key is told apart here and cannot be spoken to.
 */
function refuse(): never {
  throw new Error('This page knows peers with Ed25519 keys only.')
}

export const secp256k1 = {
  getPublicKey: refuse,
  sign: refuse,
  verify: refuse,
  Point: { fromBytes: refuse },
  utils: { randomSecretKey: refuse }
}
