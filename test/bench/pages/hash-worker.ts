/// <reference lib="webworker" />
import { pass } from './hash-pass.ts'

self.onmessage = ({ data: file }: MessageEvent<File>) => void pass(file).then(() => postMessage('done'))
