/** What came of some tests; `notes` are lines that a person should see beside the numbers. */
export interface Tally {
  readonly passed: number
  readonly failed: number
  readonly notes: readonly string[]
}

interface Assertion {
  readonly fullName: string
  readonly status: string
  readonly failureMessages?: readonly string[]
}

/** The part of vitest's JSON report that counts. */
interface Report {
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly message?: string
    readonly assertionResults: readonly Assertion[]
  }[]
}

/** Of a message that holds two large values side by side, the beginning tells them apart. */
const failureLinesMax = 12

/** Counts a vitest run: `reportText` is its JSON report (undefined if it wrote none), `exitCode` that of its process. */
export function readReport(project: string, reportText: string | undefined, exitCode: number): Tally {
  if (reportText === undefined) {
    return { passed: 0, failed: 1, notes: [`${project} did not run: vitest ended with ${exitCode} and no report.`] }
  }
  const files = (JSON.parse(reportText) as Report).testResults
  const tests = files.flatMap((file) => file.assertionResults)
  const passed = tests.filter((test) => test.status === 'passed').length
  const failed = tests.filter((test) => test.status === 'failed').length
  const left = tests.filter((test) => test.status !== 'passed' && test.status !== 'failed')
  const unloaded = files.filter((file) => file.status === 'failed' && !file.assertionResults.some(isFailed))
  const notes = [
    ...files.flatMap((file) => file.assertionResults.filter(isFailed).map((test) => failureOf(file.name, test))),
    ...left.map((test) => `not run, counted as failed: ${test.fullName}`),
    ...unloaded.map((file) => `failed outside its tests: ${file.name} ${file.message ?? ''}`.trim())
  ]
  const counted = failed + left.length + unloaded.length
  if (passed + counted === 0) {
    return { passed, failed: 1, notes: [...notes, `${project} did not run: it has no tests.`] }
  }
  // Vitest also fails on an error that no test caught.
  if (counted === 0 && exitCode !== 0) {
    return { passed, failed: 1, notes: [...notes, `${project} ended with ${exitCode}, though no test failed.`] }
  }
  return { passed, failed: counted, notes }
}

/** The line that a run ends with. */
export function closingLine(tally: { readonly passed: number; readonly failed: number }): string {
  return `${tally.passed} passed, ${tally.failed} failed`
}

/** What failed and why, in a few lines: whoever sees but the end of a long log learns it there. */
function failureOf(path: string, { fullName, failureMessages = [] }: Assertion): string {
  const said = failureMessages.flatMap((message) => message.split('\n').slice(0, failureLinesMax))
  return [`failed: ${fullName} (${path})`, ...said.map((line) => `  ${line}`)].join('\n')
}

function isFailed(test: { readonly status: string }): boolean {
  return test.status === 'failed'
}
