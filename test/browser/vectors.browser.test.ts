import { codexVectorsSuite } from '../suites/codex-vectors.ts'

codexVectorsSuite()
