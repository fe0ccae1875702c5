import ts from 'typescript'

/** A file of the checkout; `path` is from its root. `text` is empty for what is no text. */
export interface HouseFile {
  readonly path: string
  readonly text: string
  readonly sizeBytes: number
}

/** A place that breaks a rule, and what to do instead. */
export interface Breach {
  readonly path: string
  /** Counted from 1. */
  readonly line: number
  readonly says: string
}

export type Rule = (files: readonly HouseFile[]) => Breach[]

const linesMax = 300
const functionLinesMax = 70
const fileBytesMax = 1024 * 1024
const code = /\.(ts|js|svelte|css)$/

/** [TI1] */
export const coreIsPure: Rule = (files) => {
  const impure = ['performance', 'crypto', 'setTimeout', 'setInterval', 'queueMicrotask', 'fetch', 'process']
  return parsed(files, /^src\/core\/.*\.ts$/).flatMap(({ file, nodes, lineOf }) => {
    const names = nodes.filter((node) => ts.isIdentifier(node)).filter((node) => !isName(node))
    const used = names.filter((node) => impure.includes(node.text) || readsClock(node) || isMathRandom(node))
    return used.map((node) => breach(file, lineOf(node), `core takes ${node.text} as an argument or an effect`))
  })
}

/** [TI2] */
export const testsAreSeeded: Rule = (files) =>
  parsed(files, /^test\/.*\.ts$/).flatMap(({ file, nodes, lineOf }) => {
    const used = nodes.filter((node) => ts.isIdentifier(node)).filter(isMathRandom)
    return used.map((node) => breach(file, lineOf(node), 'take a seed: test/support/seeded.ts'))
  })

/** [TI3] */
export const noForeignPlaces: Rule = (files) => {
  // Put together here, so that this file does not break its own rule.
  const machine = new RegExp(`(?<![\\w.@~-])/(${['work', 'root', 'tmp', 'home'].join('|')})/[a-z.]`)
  const registry = new RegExp(['registry\\.npm', 'npmjs\\.(org|com)', 'deb\\.debian', 'pypi\\.org'].join('|'))
  return [
    ...inLines(files, /./, machine, 'ask for a folder (tmpdir(), import.meta.url) instead of naming a machine’s'),
    ...inLines(files, /./, registry, 'a package is known by its name; no host of a registry'),
    ...inLines(files, /package-lock\.json$/, /"resolved": "https?:/, 'install with omit-lockfile-registry-resolved')
  ]
}

/** [TI4] */
export const filesAreShort: Rule = (files) =>
  files.filter(isOurCode).flatMap((file) => {
    const lines = file.text.trimEnd().split('\n')
    if (lines.length <= linesMax || /^(\/\/|\/\*\*?|<!--) Long: \S/.test(lines[0] ?? '')) return []
    return [breach(file, 1, `${lines.length} lines, over ${linesMax}: split it, or begin it with "Long: " and why`)]
  })

/** [TI5] */
export const functionsAreShort: Rule = (files) =>
  parsed(files, /^(src|relay|test)\/.*\.ts$/).flatMap(({ file, nodes, lineOf, endLineOf }) => {
    const lines = file.text.split('\n')
    const functions = nodes.filter((node) => ts.isFunctionLike(node) && !(isTest(file) && declaresTests(node)))
    const long = functions.filter((node) => endLineOf(node) - lineOf(node) + 1 > functionLinesMax)
    const bare = long.filter((node) => !/Long: \S/.test(lines[lineOf(node) - 2] ?? ''))
    return bare.map((node) =>
      breach(file, lineOf(node), `over ${functionLinesMax} lines: split it, or say "Long: " why`)
    )
  })

/** [TI6] */
export const rulesAreTested: Rule = (files) => {
  const specs = files.filter((file) => file.path.endsWith('SPEC.md'))
  const rules = specs.flatMap((file) => matches(file, /^\s*(?:[-*]|#+)?\s*\*\*([A-Z]{2,3}\d+)\b/))
  const cited = files.filter(isTest).flatMap((file) => citations(file))
  const known = new Set(rules.map((rule) => rule.id))
  const tested = new Set(cited.map((rule) => rule.id))
  const untested = rules.filter((rule) => !tested.has(rule.id))
  const unknown = cited.filter((rule) => !known.has(rule.id))
  const twice = rules.filter((rule, i) => rules.findIndex(({ id }) => id === rule.id) < i)
  return [
    ...twice.map(({ file, line, id }) => breach(file, line, `another rule is called ${id}`)),
    ...untested.map(({ file, line, id }) => breach(file, line, `no test cites ${id}: name one '[${id}] …'`)),
    ...unknown.map(({ file, line, id }) => breach(file, line, `no SPEC.md has a rule ${id}`))
  ]
}

/** [TI7] */
export const everyTestRuns: Rule = (files) => {
  const says = 'mend the test or remove it: what does not run proves nothing'
  return inLines(files, /^test\/.*\.ts$/, /\b(it|test|describe)(\.\w+)*\.(only|skip|skipIf|runIf|todo)\b/, says)
}

/** [TI8] */
export const notesAreNumbered: Rule = (files) => {
  // The words are put together here, so that this line is no such note itself.
  const words = ['TO', 'DO|FIX', 'ME|X', 'XX'].join('')
  const note = new RegExp(`\\b(${words})\\b(?!\\(#\\d+\\))`)
  return inLines(files.filter(isOurCode), /./, note, 'file an issue and name its number')
}

/** [TI9] */
export const limitsHaveOneHome: Rule = (files) =>
  parsed(files, /^src\/(?!core\/limits\.ts$|ui\/).*\.ts$/).flatMap(({ file, nodes, lineOf }) => {
    const named = nodes.filter((node) => ts.isVariableDeclaration(node)).filter(isTopConst)
    const limits = named.filter(
      (node) => /(Max|Min|TimeoutMs|IntervalMs|TtlMs)$/.test(node.name.getText()) && isNumber(node.initializer)
    )
    return limits.map((node) => breach(file, lineOf(node), `${node.name.getText()} belongs in src/core/limits.ts`))
  })

/** [TI10] */
export const filesAreSmall: Rule = (files) =>
  files
    .filter((file) => file.sizeBytes > fileBytesMax)
    .map((file) => breach(file, 1, 'over 1 MiB: make it when it is needed'))

/** [TI11] */
export const testsWaitForEvents: Rule = (files) => {
  const sleep = /\bwaitForTimeout\(|=> (void )?setTimeout\((resolve|done|r|res),|from 'node:timers\/promises'/
  const says = 'wait for an event, or say "Time: " and why on the line before'
  return inLines(files, /^test\/.*\.ts$/, sleep, says).filter(({ path, line }) => {
    const lines = files.find((file) => file.path === path)?.text.split('\n') ?? []
    return !/\/\/ Time: \S/.test(lines[line - 2] ?? '')
  })
}

interface ParsedFile {
  readonly file: HouseFile
  readonly nodes: readonly ts.Node[]
  readonly lineOf: (node: ts.Node) => number
  readonly endLineOf: (node: ts.Node) => number
}

function parsed(files: readonly HouseFile[], paths: RegExp): ParsedFile[] {
  return files.filter((file) => paths.test(file.path)).map(parse)
}

function parse(file: HouseFile): ParsedFile {
  const source = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.ESNext, true)
  const nodes: ts.Node[] = []
  const visit = (node: ts.Node): void => {
    nodes.push(node)
    ts.forEachChild(node, visit)
  }
  visit(source)
  const line = (position: number): number => source.getLineAndCharacterOfPosition(position).line + 1
  return { file, nodes, lineOf: (node) => line(node.getStart()), endLineOf: (node) => line(node.getEnd()) }
}

/** Whether an identifier only names something of an object or a type, as in `{ crypto }`'s key or `effects.fetch`. */
function isName(node: ts.Node): boolean {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node
  const declares = ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent) || ts.isMethodSignature(parent)
  if (declares || ts.isMethodDeclaration(parent) || ts.isPropertyDeclaration(parent)) return parent.name === node
  return ts.isParameter(parent) || ts.isTypeReferenceNode(parent) || ts.isBindingElement(parent)
}

/** `Date.now` and `new Date()`, not what makes a date of a number. */
function readsClock(node: ts.Identifier): boolean {
  const { parent } = node
  if (node.text !== 'Date') return false
  if (ts.isNewExpression(parent)) return (parent.arguments?.length ?? 0) === 0
  return !ts.isPropertyAccessExpression(parent) || parent.name.text === 'now'
}

function isMathRandom(node: ts.Identifier): boolean {
  const { parent } = node
  return node.text === 'Math' && ts.isPropertyAccessExpression(parent) && parent.name.text === 'random'
}

/** Whether tests are written inside a function: then it is a list of tests, not a step of one. */
function declaresTests(node: ts.Node): boolean {
  return /\b(describe|it|test)(\.\w+)*\(/.test(node.getText())
}

function isTopConst(node: ts.VariableDeclaration): boolean {
  return ts.isVariableStatement(node.parent.parent) && ts.isSourceFile(node.parent.parent.parent)
}

/** Whether an expression is made of numbers alone. */
function isNumber(node: ts.Expression | undefined): boolean {
  if (node === undefined) return false
  if (ts.isBinaryExpression(node)) return isNumber(node.left) || isNumber(node.right)
  return ts.isNumericLiteral(node)
}

function isOurCode(file: HouseFile): boolean {
  return code.test(file.path)
}

function isTest(file: HouseFile): boolean {
  return /^test\/.*\.ts$/.test(file.path)
}

function inLines(files: readonly HouseFile[], paths: RegExp, pattern: RegExp, says: string): Breach[] {
  const looked = files.filter((file) => paths.test(file.path))
  return looked.flatMap((file) =>
    file.text.split('\n').flatMap((text, index) => (pattern.test(text) ? [breach(file, index + 1, says)] : []))
  )
}

interface Mention {
  readonly file: HouseFile
  readonly line: number
  readonly id: string
}

function matches(file: HouseFile, pattern: RegExp): Mention[] {
  return file.text.split('\n').flatMap((text, index) => {
    const id = pattern.exec(text)?.[1]
    return id === undefined ? [] : [{ file, line: index + 1, id }]
  })
}

/** Rules that a test names in square brackets, one or several: `[EX7]`, `[EX7, EX9]`. */
function citations(file: HouseFile): Mention[] {
  return file.text.split('\n').flatMap((text, index) => {
    const groups = [...text.matchAll(/\[([A-Z]{2,3}\d+(?:[ ,;–-]+[A-Z]{2,3}\d+)*)\]/g)]
    const ids = groups.flatMap((group) => group[1]?.match(/[A-Z]{2,3}\d+/g) ?? [])
    return ids.map((id) => ({ file, line: index + 1, id }))
  })
}

function breach(file: HouseFile, line: number, says: string): Breach {
  return { path: file.path, line, says }
}
