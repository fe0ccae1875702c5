import { ProtoWriter, readProto } from '../../src/core/proto/proto.ts'
import { circuitFieldsMax } from '../../src/core/limits.ts'

/** What circuit relay v2 lets two sides say (libp2p's specification, `circuit-v2`). */
export const hopProtocol = '/libp2p/circuit/relay/0.2.0/hop'
export const stopProtocol = '/libp2p/circuit/relay/0.2.0/stop'

export const circuitStatus = {
  ok: 100,
  reservationRefused: 200,
  limitExceeded: 201,
  connectionFailed: 203,
  noReservation: 204,
  malformed: 400,
  unexpected: 401
} as const

export type CircuitStatus = (typeof circuitStatus)[keyof typeof circuitStatus]

export interface CircuitLimit {
  readonly seconds: number
  readonly bytes: number
}

export interface Reservation {
  /** In seconds since 1970. */
  readonly expiresAt: number
  readonly voucher: Uint8Array
}

/** A request on the hop protocol; undefined when it is none. The target is a peer id as a multihash. */
export function decodeHop(
  bytes: Uint8Array
): { type: 'reserve' } | { type: 'connect'; target: Uint8Array } | undefined {
  const fields = readProto(bytes, circuitFieldsMax)
  const type = fields?.find(({ number }) => number === 1)?.value
  if (type === 0n) return { type: 'reserve' }
  const peer = fields?.find(({ number }) => number === 2)?.bytes
  const target = peer && readProto(peer, circuitFieldsMax)?.find(({ number }) => number === 1)?.bytes
  return type === 1n && target ? { type: 'connect', target } : undefined
}

/** The answer to a request on the hop protocol. */
export function encodeHopStatus(status: CircuitStatus, limit?: CircuitLimit, reservation?: Reservation): Uint8Array {
  const writer = new ProtoWriter().uint(1, 2)
  if (reservation) {
    const { expiresAt, voucher } = reservation
    writer.bytes(3, new ProtoWriter().uint(1, expiresAt).bytes(3, voucher).finish())
  }
  if (limit) writer.bytes(4, encodeLimit(limit))
  return writer.uint(5, status).finish()
}

/** Tells a peer who would reach it by way of us. */
export function encodeStopConnect(source: Uint8Array, limit: CircuitLimit): Uint8Array {
  const peer = new ProtoWriter().bytes(1, source).finish()
  return new ProtoWriter().uint(1, 0).bytes(2, peer).bytes(3, encodeLimit(limit)).finish()
}

/** Whether the peer that was told takes the circuit. */
export function isTaken(answer: Uint8Array): boolean {
  const fields = readProto(answer, circuitFieldsMax)
  return fields?.find(({ number }) => number === 4)?.value === BigInt(circuitStatus.ok)
}

function encodeLimit({ seconds, bytes }: CircuitLimit): Uint8Array {
  return new ProtoWriter().uint(1, seconds).uint(2, bytes).finish()
}
