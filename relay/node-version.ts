const oldestMajor = 24

/** libp2p needs what Node has since 22, TypeScript without a build step since 24. Ends the program with one sentence. */
export function checkNode(version = process.versions.node): void {
  const major = Number(version.split('.')[0])
  if (major >= oldestMajor) return
  console.error(`Quire needs Node ${oldestMajor}, and this is Node ${version}. Start it with "npm start", which brings its own.`)
  process.exit(1)
}
