import type { SetId } from '../core/ids.ts'
import { randomBytes } from './crypto.ts'

/** A fresh local name: 16 hexadecimal digits. */
export function newSetId(): SetId {
  return [...randomBytes(8)].map((byte) => byte.toString(16).padStart(2, '0')).join('') as SetId
}
