// Plain JavaScript: a Node that is too old for TypeScript is told so, instead of stumbling over it.

const oldestMajor = 24

/** libp2p needs what Node has since 22, TypeScript without a build step since 24. Ends the program with one sentence. */
export function checkNode(version = process.versions.node) {
  if (Number(version.split('.')[0]) >= oldestMajor) return
  console.error(
    `Quire needs Node ${oldestMajor}, and this is Node ${version}. "npm ci" brings one, and "npm start" runs it.`
  )
  process.exit(1)
}
