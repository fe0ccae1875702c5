import { type PayloadReader, PayloadWriter } from '../exchange/bytes-io.ts'
import { BadFrame } from '../exchange/errors.ts'
import type { PeerId } from '../ids.ts'
import { readLong, writeLong } from './codec.ts'
import { seal, type Sign, type Signed, unseal } from './signed.ts'
import type { KeepPolicy, KeepTerms } from './types.ts'

const label = 'quire keep terms v1'

/** What a policy tells those who have not offered anything yet. */
export const termsOf = ({ dataSetBytesMax, termMsMax, tokens, peers }: KeepPolicy): KeepTerms => ({
  dataSetBytesMax,
  termMsMax,
  invited: tokens !== undefined || peers !== undefined
})

/** Terms as their keeper signs them. [KE21] */
export function makeTerms(keeper: PeerId, { dataSetBytesMax, termMsMax, invited }: KeepTerms, sign: Sign) {
  const writer = writeLong(new PayloadWriter(13), dataSetBytesMax)
  writer.u32(Math.floor(termMsMax / 1000)).u8(invited ? 1 : 0)
  return seal(label, keeper, writer.bytes, sign)
}

/** Throws BadFrame for bytes that are no terms. [KE21] */
export const readTerms = (bytes: Uint8Array): KeepTerms & Signed => unseal(label, bytes, readThem)

function readThem(reader: PayloadReader): KeepTerms {
  const [dataSetBytesMax, termMsMax, invited] = [readLong(reader), reader.u32() * 1000, reader.u8()]
  if (invited > 1) throw new BadFrame('a code is unknown')
  return { dataSetBytesMax, termMsMax, invited: invited === 1 }
}
