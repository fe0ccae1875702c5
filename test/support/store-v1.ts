import { deleteDB, openDB } from 'idb'
import { seededBytes } from './seeded.ts'

/** What the writers below leave behind. */
export const v1 = {
  set: 'a-set',
  shape: { blockCount: 70, blockBytes: 1024 },
  held: [3, 4, 69],
  item: {
    id: 'a-set',
    origin: 'fetched',
    kind: 'sealed',
    manifestCid: 'zDvZRwzm1',
    manifest: Uint8Array.of(1, 2, 3),
    secret: new Uint8Array(16).fill(9),
    relays: ['wss://relay.example'],
    title: 'Ferien',
    fileCount: 2,
    mimeType: '',
    contentBytes: 71_000,
    createdAtMs: 5,
    lastUsedAtMs: 6,
    pinned: true,
    paused: false,
    complete: false
  }
} as const

export const v1Block = (index: number): Uint8Array<ArrayBuffer> => seededBytes(index + 1, 1024)
export const v1Leaves = seededBytes(99, 70 * 32)

/**
 * Writes a database as version 1 does, knowing nothing of the code of today: it stands for the stores that people have.
 * Never changed.
 */
export async function writeDatabaseV1(name: string): Promise<void> {
  await deleteDB(name)
  const db = await openDB(name, 1, {
    upgrade(fresh) {
      fresh
        .createObjectStore('sets', { keyPath: 'serial', autoIncrement: true })
        .createIndex('set', 'set', { unique: true })
      fresh.createObjectStore('held')
      fresh.createObjectStore('blocks')
      fresh.createObjectStore('hashes')
      fresh.createObjectStore('items', { keyPath: 'id' }).createIndex('manifestCid', 'manifestCid')
      fresh.createObjectStore('values')
    }
  })
  const record = { set: v1.set, ...v1.shape, home: 'records', heldBlocks: 3, hashesBytes: 70 * 32 }
  const serial = Number(await db.add('sets', record))
  const pair = new Uint8Array(2048)
  pair.set(v1Block(3))
  pair.set(v1Block(4), 1024)
  await db.put('blocks', { start: 3, bytes: pair }, [serial, 3])
  await db.put('blocks', { start: 69, bytes: v1Block(69) }, [serial, 69])
  await db.put('held', Uint8Array.of(0x18, 0, 0, 0, 0, 0, 0, 0, 0x20), [serial, 0])
  await db.put('hashes', { leaves: v1Leaves, path: new Uint8Array() }, [serial, 0])
  await db.put('items', v1.item)
  await db.put('values', { dark: true }, 'settings')
  db.close()
}
