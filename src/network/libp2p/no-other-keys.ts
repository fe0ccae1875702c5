/**
 * Stands in the page for `./rsa/*.js` and `./ecdsa/*.js` of `@libp2p/crypto`, which weigh 2.2 KiB of a first load: every
 * peer and relay of Quire has an Ed25519 key. A peer with another kind of key is told apart here and cannot be spoken to.
 */
function refuse(): never {
  throw new Error('This page knows peers with Ed25519 keys only.')
}

/** Kinds of keys in key files; the page reads none. */
const noKind = ''

export {
  noKind as ECDSA_P_256_OID,
  noKind as ECDSA_P_384_OID,
  noKind as ECDSA_P_521_OID,
  noKind as RSAES_PKCS1_V1_5_OID,
  refuse as decodeDer,
  refuse as ECDSAPrivateKey,
  refuse as generateECDSAKeyPair,
  refuse as generateRSAKeyPair,
  refuse as jwkToRSAPrivateKey,
  refuse as pkcs1MessageToRSAPrivateKey,
  refuse as pkcs1ToRSAPrivateKey,
  refuse as pkiMessageToECDSAPrivateKey,
  refuse as pkiMessageToECDSAPublicKey,
  refuse as pkixMessageToRSAPublicKey,
  refuse as pkixToRSAPublicKey,
  refuse as unmarshalECDSAPrivateKey,
  refuse as unmarshalECDSAPublicKey
}
