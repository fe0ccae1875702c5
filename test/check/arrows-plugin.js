import { relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { arrowFault } from './arrows.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Holds the arrows between rooms: see arrows.ts. */
const arrows = {
  meta: { type: 'problem', schema: [] },
  create(context) {
    const file = relative(root, context.filename).split(sep).join('/')
    const check = (node) => {
      const { source } = node
      if (source?.type !== 'Literal' || typeof source.value !== 'string') return
      const fault = arrowFault(file, source.value)
      if (fault !== undefined) context.report({ node: source, message: fault })
    }
    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check
    }
  }
}

/** Rules of Quire's own, in the form that ESLint gave plugins and that oxlint takes as well. */
export default { meta: { name: 'quire' }, rules: { arrows } }
