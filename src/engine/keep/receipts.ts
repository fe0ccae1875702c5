import type { ManifestCid, PeerId } from '../../core/ids.ts'
import { readReceipt } from '../../core/keep/receipt.ts'
import type { Signed } from '../../core/keep/signed.ts'
import { readSignedRecord } from '../../core/keep/signed-record.ts'
import { readTerms } from '../../core/keep/terms.ts'
import type { KeepTerms } from '../../core/keep/types.ts'

/** Until when a keeper promised to keep a data set; undefined when the receipt is not that keeper's, or not for that. [KE6] */
export async function promisedUntilMs(
  bytes: Uint8Array,
  keeper: PeerId,
  manifestCid: ManifestCid
): Promise<number | undefined> {
  try {
    const receipt = readReceipt(bytes)
    if (receipt.keeper !== keeper || receipt.manifestCid !== manifestCid) return undefined
    return (await isSigned(receipt)) ? receipt.untilMs : undefined
  } catch {
    return undefined // no receipt, or a browser that cannot check one: then it proves nothing
  }
}

/** The terms that this keeper signed; undefined for what is nothing of the kind. [KE21] */
export async function signedTerms(bytes: Uint8Array, by: PeerId): Promise<KeepTerms | undefined> {
  try {
    const terms = readTerms(bytes)
    const { keeper, dataSetBytesMax, termMsMax, invited } = terms
    return keeper === by && (await isSigned(terms)) ? { dataSetBytesMax, termMsMax, invited } : undefined
  } catch {
    return undefined
  }
}

/** Who signed that it is reached so; undefined for what is nothing of the kind. [KE27] */
export async function signerOfRecord(bytes: Uint8Array): Promise<PeerId | undefined> {
  try {
    const record = readSignedRecord(bytes)
    return (await isSigned(record)) ? record.keeper : undefined
  } catch {
    return undefined
  }
}

async function isSigned({ publicKey, signature, signed }: Signed): Promise<boolean> {
  const [raw, mark, text] = [publicKey, signature, signed] as Uint8Array<ArrayBuffer>[]
  const key = await crypto.subtle.importKey('raw', raw!, 'Ed25519', false, ['verify'])
  return crypto.subtle.verify('Ed25519', key, mark!, text!)
}
