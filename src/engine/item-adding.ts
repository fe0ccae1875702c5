import { digestCid } from './digest-cid.ts'
import { type EnvelopePlan, planEnvelope } from '../core/envelope/envelope.ts'
import { EmptyContent } from '../core/envelope/errors.ts'
import { deriveKeys } from '../core/envelope/keys.ts'
import type { ManifestCid, SetId } from '../core/ids.ts'
import { blockBytes, secretBytes } from '../core/limits.ts'
import { encodeManifest } from '../core/manifest/manifest.ts'
import { treeCidOf } from '../core/block/cid.ts'
import type { BlockStore } from '../store/types.ts'
import { addContent } from './adding.ts'
import { type Content, plainContent, sealedContent } from './content.ts'
import { ContentCipher, randomBytes } from './crypto.ts'
import { PlainIsOneFile } from './errors.ts'
import type { FileSource, FileView } from './types.ts'

export interface AddedItem {
  readonly manifestCid: ManifestCid
  readonly manifest: Uint8Array
  readonly secret?: Uint8Array
}

/** An addition that is laid out and ready to run. */
export interface ItemAddition {
  readonly content: Content
  readonly files: readonly Omit<FileView, 'modifiedAtMs'>[]
  run(store: BlockStore, set: SetId, signal: AbortSignal, onProgress: (doneBytes: number) => void): Promise<AddedItem>
}

/** Lays out what is to be added; throws before anything is read when it cannot become a data set. */
export function addItem(sources: readonly FileSource[], plain: boolean): ItemAddition {
  return plain ? plainAddition(sources) : sealedAddition(planEnvelope(sources), sources)
}

function sealedAddition(plan: EnvelopePlan, sources: readonly FileSource[]): ItemAddition {
  const content = sealedContent(plan, sources)
  return {
    content,
    files: plan.files,
    async run(store, set, signal, onProgress) {
      const secret = randomBytes(secretBytes)
      const cipher = new ContentCipher(deriveKeys(secret).contentKey)
      const tree = await addContent(content, { store, set, cipher, signal, onProgress })
      const manifest = encodeManifest(
        { treeCid: treeCidOf(tree.root), blockBytes, datasetBytes: content.sizeBytes },
        '0.4'
      )
      return { manifest, manifestCid: await digestCid(manifest), secret }
    }
  }
}

function plainAddition(sources: readonly FileSource[]): ItemAddition {
  const [source] = sources
  if (!source || sources.length !== 1) throw new PlainIsOneFile()
  if (source.sizeBytes === 0) throw new EmptyContent()
  const content = plainContent(source)
  const fileName = source.path.split('/').at(-1) || undefined
  return {
    content,
    files: [{ path: fileName ?? '', sizeBytes: source.sizeBytes, mimeType: source.mimeType }],
    async run(store, set, signal, onProgress) {
      const tree = await addContent(content, { store, set, signal, onProgress })
      const mimeType = source.mimeType || undefined
      const fields = { treeCid: treeCidOf(tree.root), blockBytes, datasetBytes: content.sizeBytes, fileName, mimeType }
      const manifest = encodeManifest(fields, '0.4')
      return { manifest, manifestCid: await digestCid(manifest) }
    }
  }
}
