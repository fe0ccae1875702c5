import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { blockCountOf, padBlock } from '../../src/core/block/blocks.ts'
import { treeCidOf } from '../../src/core/block/cid.ts'
import { blockBytes, blockBytesMax, blockBytesMin } from '../../src/core/limits.ts'
import { encodeManifest, type ManifestWire } from '../../src/core/manifest/manifest.ts'
import { TreeBuilder } from '../../src/core/merkle/tree.ts'
import { digest } from '../../src/engine/crypto.ts'
import { digestCid } from '../../src/engine/digest-cid.ts'
import { BadCommand, BadSetting } from '../errors.ts'
import { mimeTypeOf, sourcesOf } from '../files.ts'
import { tableOf } from './table.ts'

const wires: readonly ManifestWire[] = ['2025', '0.3', '0.4']

/** Prints the address of a file as a plain data set; nothing is stored or sent. */
export async function cidCommand(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: tableOf.cid.options
  })
  const [path] = positionals
  if (!path || positionals.length !== 1) throw new BadCommand('quire cid takes exactly one file.')
  const wire = wires.find((each) => each === (values.wire ?? '0.4'))
  if (!wire) throw new BadSetting('--wire', values.wire!, '2025, 0.3 or 0.4')
  const size = blockSizeOf(values['block-size'])
  const [source, ...more] = await sourcesOf([path])
  if (!source || more.length > 0) throw new BadCommand(`"${path}" is a folder; quire cid takes one file.`)

  const blockCount = blockCountOf(source.sizeBytes, size)
  const builder = new TreeBuilder(blockCount)
  const run = 64 // blocks hashed at once
  for (let start = 0; start < blockCount; start += run) {
    const end = Math.min(blockCount, start + run)
    const bytes = await source.read(start * size, Math.min(source.sizeBytes, end * size))
    const blocks = Array.from({ length: end - start }, (_, i) =>
      padBlock(bytes.subarray(i * size, (i + 1) * size), size)
    )
    for (const leaf of await Promise.all(blocks.map(digest))) builder.append(leaf)
  }
  const treeCid = treeCidOf(builder.finish().root)
  const fields = { treeCid, blockBytes: size, datasetBytes: source.sizeBytes }
  const fileName = values.name ?? basename(path)
  const mimeType = values.mime ?? (mimeTypeOf(path) || undefined)
  const cid = await digestCid(encodeManifest({ ...fields, fileName, mimeType }, wire))
  console.log(values.json ? JSON.stringify({ cid, treeCid, datasetSize: source.sizeBytes, blockCount }) : cid)
}

function blockSizeOf(text: string | undefined): number {
  if (text === undefined) return blockBytes
  const size = Number(text)
  const fits = Number.isInteger(size) && size >= blockBytesMin && size <= blockBytesMax && (size & (size - 1)) === 0
  if (!fits) throw new BadSetting('--block-size', text, `a power of two from ${blockBytesMin} to ${blockBytesMax}`)
  return size
}
