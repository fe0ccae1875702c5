import { Bitmap } from '../../core/block/bitmap.ts'
import { QuireError } from '../../core/errors.ts'
import type { SwarmId } from '../../core/ids.ts'
import type { Kept } from '../../core/keep/types.ts'
import { keepDiskRetryMs } from '../../core/limits.ts'
import { decodeManifest, type Manifest } from '../../core/manifest/manifest.ts'
import type { KeptRecord } from '../../store/paged.ts'
import { erase } from '../erasing.ts'
import type { EngineParts } from '../parts.ts'
import { recallHeld } from '../recall.ts'
import { SwarmDriver } from '../swarm-driver.ts'

/** What becomes of a copy. */
export interface CopyListener {
  onProgress(swarmId: SwarmId, heldBytes: number, isWhole: boolean): void
  /** Its manifest is here: what it really takes. */
  onMeasured(swarmId: SwarmId, sizeBytes: number): void
  onUnusable(swarmId: SwarmId, error: unknown): void
}

/** Its manifest describes more than was offered. */
class LargerThanOffered extends QuireError {
  readonly code = 'larger-than-offered'
  readonly fault = 'peer'
  readonly retryable = false
  readonly sizeBytes: number
  constructor(sizeBytes: number) {
    super('A data set is larger than was offered.', { sizeBytes })
    this.sizeBytes = sizeBytes
  }
}

const sizeBytesOf = ({ blockCount, blockBytes }: Manifest): number => blockCount * blockBytes

function checkOffer(offered: Kept, sizeBytes: number): void {
  if (sizeBytes > offered.sizeBytes) throw new LargerThanOffered(sizeBytes)
}

/** A data set that is fetched, held and served without being able to read it. */
export class BlindCopy {
  readonly #parts: EngineParts
  readonly #listener: CopyListener
  #record: KeptRecord
  #manifest: Manifest | undefined
  #held: Bitmap | undefined
  #driver: SwarmDriver | undefined
  #beginning: Promise<void> | undefined
  #isOpen = false
  #closed = false
  #idleSinceMs: number | undefined
  #cancelRetry: (() => void) | undefined

  constructor(parts: EngineParts, record: KeptRecord, listener: CopyListener) {
    this.#parts = parts
    this.#record = record
    this.#listener = listener
    if (record.manifest) this.#manifest = decodeManifest(record.manifest)
  }

  /** What is held is known, so that peers can be spoken to. */
  get isOpen(): boolean {
    return this.#isOpen && !this.#closed
  }

  /** The promise changed: a later term, other owners. Resolves when that is durable. */
  async keep(kept: Kept): Promise<void> {
    this.#record = { ...this.#record, kept }
    await this.#save()
  }

  get hasBegun(): boolean {
    return this.#beginning !== undefined
  }

  /** What its blocks take, as far as that is known. */
  get sizeBytes(): number {
    return this.#manifest ? sizeBytesOf(this.#manifest) : 0
  }

  /** Takes up what is held, fetches the rest. */
  begin(): Promise<void> {
    this.#beginning ??= this.#try(() => this.#begin())
    return this.#beginning
  }

  /** For how long, as far as was seen, nothing was to be done about it. `isAskedAbout`: its keeper needs it. */
  idleMs(nowMs: number, isAskedAbout: boolean): number {
    const isIdle = !isAskedAbout && this.#record.complete && (this.#driver?.peers().length ?? 0) === 0
    this.#idleSinceMs = isIdle ? (this.#idleSinceMs ?? nowMs) : undefined
    return nowMs - (this.#idleSinceMs ?? nowMs)
  }

  /** Leaves memory. It is announced on with all that is dormant. */
  async rest(): Promise<void> {
    this.#closed = true
    this.#parts.discovery.rest(this.#record.kept.swarmId)
    this.#driver?.close()
    await this.#parts.flush(this.#record.id)
  }

  async #begin(): Promise<void> {
    const { id, complete } = this.#record
    const known = this.#manifest
    // What is whole was durable before it was called so: it is not looked at again, however many copies there are.
    const { store } = this.#parts
    if (known) this.#held = complete ? Bitmap.full(known.blockCount) : await recallHeld(store, id, known)
    if (this.#closed) return
    this.#isOpen = true
    this.#join()
    this.#tell()
    if (complete) return
    this.driver()
    if (known) await this.#admit(known)
    // The run before may have ended between its last block and the record.
    if (this.#held?.isFull) await this.#onComplete()
  }

  /** Where the disk fails in a way that may pass, the promise stands, and it is gone on with later. [KE8] */
  #fail(error: unknown): void {
    if (this.#closed) return
    if (!(error instanceof QuireError && error.retryable)) {
      return this.#listener.onUnusable(this.#record.kept.swarmId, error)
    }
    this.#parts.log('copy-waits', { code: error.code })
    this.#isOpen = false
    this.#parts.discovery.leave(this.#record.kept.swarmId)
    this.#driver?.close()
    this.#driver = undefined
    this.#cancelRetry?.()
    this.#cancelRetry = this.#parts.timers.after(keepDiskRetryMs, () => {
      void this.#try(async () => {
        await this.#parts.flush(this.#record.id)
        await this.#begin()
      })
    })
  }

  async #try(work: () => Promise<void>): Promise<void> {
    await work().catch((error: unknown) => this.#fail(error))
  }

  driver(): SwarmDriver {
    const { id, manifestCid, manifest, kept } = this.#record
    this.#driver ??= new SwarmDriver(this.#parts, {
      set: id,
      manifestCid: manifestCid!,
      keys: kept,
      manifest,
      held: this.#held,
      accepts: (described) => checkOffer(kept, sizeBytesOf(described)),
      onManifest: (bytes, learned) => void this.#try(() => this.#onManifest(bytes, learned)),
      onHeld: (held) => (this.#held = held),
      onComplete: () => void this.#try(() => this.#onComplete()),
      onFailure: (error) => {
        if (error instanceof LargerThanOffered) this.#listener.onMeasured(kept.swarmId, error.sizeBytes)
        else this.#fail(error)
      },
      onDropped: () => undefined,
      onChange: () => this.#tell()
    })
    return this.#driver
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#cancelRetry?.()
    this.#parts.discovery.leave(this.#record.kept.swarmId)
    this.#driver?.close()
    await this.#parts.flush(this.#record.id)
  }

  /** Trackers that name this keeper from when it was dormant are told too, unless `isTold` says that it would be much. */
  async remove(isTold = true): Promise<void> {
    const wasDormant = !this.#isOpen
    await this.close()
    if (wasDormant && isTold) this.#parts.discovery.leaveDormant(this.#record.kept.swarmId)
    await erase(this.#parts, this.#record.id)
  }

  #join(): void {
    const seeking = !this.#record.complete
    this.#parts.discovery.join(this.#record.kept.swarmId, {
      seeking,
      onPeers: (peers) => !this.#record.complete && this.isOpen && this.driver().meet(peers)
    })
    void this.#parts.network.start()
  }

  async #onManifest(bytes: Uint8Array, manifest: Manifest): Promise<void> {
    this.#manifest = manifest
    this.#record = { ...this.#record, manifest: bytes }
    await this.#admit(manifest)
    await this.#save()
  }

  async #admit(manifest: Manifest): Promise<void> {
    const { blockCount, blockBytes } = manifest
    this.#listener.onMeasured(this.#record.kept.swarmId, sizeBytesOf(manifest))
    if (this.#closed) return
    await this.#parts.store.create(this.#record.id, { blockCount, blockBytes })
    this.#driver?.admit()
  }

  async #onComplete(): Promise<void> {
    this.#record = { ...this.#record, complete: true }
    await this.#save().catch((error: unknown) => {
      this.#record = { ...this.#record, complete: false }
      throw error
    })
    if (this.#closed) return
    this.#join()
    this.#tell()
  }

  #tell(): void {
    const { complete, kept } = this.#record
    if (this.#closed || !this.#held || !this.#manifest) return
    this.#listener.onProgress(kept.swarmId, this.#held.count * this.#manifest.blockBytes, complete)
  }

  async #save(): Promise<void> {
    if (!this.#closed) await this.#parts.catalog.putItem(this.#record)
  }
}
