import { base64urlOf } from '../../core/bytes.ts'
import { BadStoreCall } from '../errors.ts'

/** A value as JSON, bytes in it as `{ "$bytes": base64url }`. @throws BadStoreCall for what would not come back as it was */
export function textOf(value: unknown): string {
  return JSON.stringify(encoded(value) ?? null)
}

/** What `textOf` was given. @throws SyntaxError */
export function valueOf(text: string): unknown {
  return decoded(JSON.parse(text))
}

function encoded(value: unknown): unknown {
  if (value instanceof Uint8Array) return { $bytes: base64urlOf(value) }
  if (Array.isArray(value)) return value.map(encoded)
  if (value === null || value === undefined || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (typeof value === 'object' && [Object.prototype, null].includes(Object.getPrototypeOf(value) as object | null)) {
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, encoded(part)]))
  }
  throw new BadStoreCall('This value cannot be stored.')
}

/** In place: a server's catalog has a hundred thousand of them. */
function decoded(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const { $bytes } = value as { $bytes?: unknown }
  if (typeof $bytes === 'string' && Object.keys(value).length === 1) {
    return new Uint8Array(Buffer.from($bytes, 'base64url'))
  }
  const parts = value as Record<string, unknown>
  for (const key in parts) {
    if (typeof parts[key] === 'object') parts[key] = decoded(parts[key])
  }
  return value
}
