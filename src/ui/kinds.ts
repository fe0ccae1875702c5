import type { FileView } from '../engine/types.ts'
import { t } from './messages.ts'

/** How a file is shown. `none`: only saved, for it could run something or nothing here can show it. */
export type PreviewKind = 'image' | 'audio' | 'video' | 'text' | 'none'

/** Rendered as characters, never as what they mean. */
const textTypes = /^(text\/(?!html)|application\/(json|xml|x-ndjson|toml|yaml|x-yaml|x-sh|sql|javascript)$)/
const textNames =
  /\.(txt|md|markdown|csv|tsv|log|json|ya?ml|toml|ini|conf|c|h|cpp|hpp|rs|go|py|rb|js|ts|css|sh|sql|srt|vtt)$/i
/** SVG runs no script within <img>, which is the only place it is given. */
const imageTypes = /^image\/(png|jpeg|gif|webp|avif|bmp|x-icon|vnd\.microsoft\.icon|svg\+xml)$/

export function previewKind({ mimeType, path }: Pick<FileView, 'mimeType' | 'path'>): PreviewKind {
  const type = mimeType.split(';')[0]!.trim().toLowerCase()
  if (imageTypes.test(type)) return 'image'
  if (type.startsWith('audio/')) return 'audio'
  if (type.startsWith('video/')) return 'video'
  if (type === 'text/html' || type === 'application/xhtml+xml') return 'none'
  if (textTypes.test(type) || ((type === '' || type === 'application/octet-stream') && textNames.test(path)))
    return 'text'
  return 'none'
}

/** The kind in a word, for people. */
export function kindWord(mimeType: string): string {
  const type = mimeType.split(';')[0]!.trim().toLowerCase()
  const kinds = t.kinds
  if (type.startsWith('image/')) return kinds.image
  if (type.startsWith('video/')) return kinds.video
  if (type.startsWith('audio/')) return kinds.audio
  if (type === 'application/pdf') return kinds.pdf
  if (/^application\/(zip|x-tar|gzip|x-7z-compressed|x-rar-compressed|vnd\.rar|zstd|x-bzip2|x-xz)$/.test(type))
    return kinds.archive
  if (type.startsWith('text/')) return kinds.text
  return kinds.file
}
