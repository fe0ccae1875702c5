import type { ManifestCid, PeerId } from '../../core/ids.ts'
import { readReceipt } from '../../core/keep/receipt.ts'

/** Until when a keeper promised to keep a data set; undefined when the receipt is not that keeper's, or not for that. [KE6] */
export async function promisedUntilMs(
  bytes: Uint8Array,
  keeper: PeerId,
  manifestCid: ManifestCid
): Promise<number | undefined> {
  try {
    const receipt = readReceipt(bytes)
    if (receipt.keeper !== keeper || receipt.manifestCid !== manifestCid) return undefined
    const raw = receipt.publicKey as Uint8Array<ArrayBuffer>
    const key = await crypto.subtle.importKey('raw', raw, 'Ed25519', false, ['verify'])
    const [signature, signed] = [receipt.signature, receipt.signed] as Uint8Array<ArrayBuffer>[]
    return (await crypto.subtle.verify('Ed25519', key, signature!, signed!)) ? receipt.untilMs : undefined
  } catch {
    return undefined // no receipt, or a browser that cannot check one: then it proves nothing
  }
}
