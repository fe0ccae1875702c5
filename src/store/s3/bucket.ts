import { AwsClient } from 'aws4fetch'
import { s3RetriesMax, s3TimeoutMs } from '../../core/limits.ts'
import { StoreFailed, StoreFull, StoreUnavailable } from '../errors.ts'

/** Where a bucket is, and by which key it is opened. */
export interface BucketPlace {
  /** Of the service, as in `https://s3.example`; the bucket follows as its path. */
  readonly endpoint: string
  readonly bucket: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

export interface Listed {
  readonly key: string
  readonly sizeBytes: number
}

/** Objects of an S3-compatible bucket: what this store needs of it. */
export class Bucket {
  readonly #client: AwsClient
  readonly #url: string

  constructor({ endpoint, bucket, region, accessKeyId, secretAccessKey }: BucketPlace) {
    this.#url = `${endpoint.replace(/\/+$/, '')}/${bucket}`
    this.#client = new AwsClient({ accessKeyId, secretAccessKey, region, service: 's3', retries: s3RetriesMax })
  }

  /** Resolves when the object is durable. @throws StoreFull, StoreFailed, StoreUnavailable */
  async put(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const answer = await this.#ask('PUT', `/${key}`, { body: bytes })
    await told(answer.arrayBuffer()) // so that the connection is free again
  }

  /** Bytes of an object, or undefined where there is none, or it is shorter. */
  async get(key: string, start: number, lengthBytes: number): Promise<Uint8Array | undefined> {
    const headers = { range: `bytes=${start}-${start + lengthBytes - 1}` }
    const answer = await this.#ask('GET', `/${key}`, { headers }, [404, 416])
    const bytes = new Uint8Array(await told(answer.arrayBuffer()))
    if (!answer.ok) return undefined
    // A service that knows no ranges sends all of it.
    const part = answer.status === 206 ? bytes : bytes.subarray(start, start + lengthBytes)
    return part.length === lengthBytes ? part : undefined
  }

  /** One that is not there is no error. */
  async delete(key: string): Promise<void> {
    const answer = await this.#ask('DELETE', `/${key}`, {}, [404])
    await told(answer.arrayBuffer())
  }

  /** Every object whose key begins so. */
  async *list(prefix: string): AsyncGenerator<Listed> {
    let token = ''
    do {
      const next = token && `&continuation-token=${encodeURIComponent(token)}`
      const answer = await this.#ask('GET', `/?list-type=2&prefix=${encodeURIComponent(prefix)}${next}`, {})
      const text = await told(answer.text())
      for (const [, contents] of text.matchAll(/<Contents>(.*?)<\/Contents>/gs)) {
        const key = valueOf(contents!, 'Key')
        if (key) yield { key, sizeBytes: Number(valueOf(contents!, 'Size') ?? 0) }
      }
      token = valueOf(text, 'NextContinuationToken') ?? ''
    } while (token)
  }

  async #ask(method: string, path: string, init: RequestInit, allowed: readonly number[] = []): Promise<Response> {
    const signal = AbortSignal.timeout(s3TimeoutMs)
    const answer = await told(this.#client.fetch(this.#url + path, { ...init, method, signal }))
    if (answer.ok) return answer
    const isAllowed = allowed.includes(answer.status)
    const code = valueOf(await told(answer.clone().text()), 'Code')
    if (isAllowed && code !== 'NoSuchBucket') return answer
    throw errorOf(answer.status, code)
  }
}

/** An answer, or its body, that does not come in time, or breaks off. */
const told = <T>(coming: Promise<T>): Promise<T> =>
  coming.catch((thrown: unknown) => {
    throw new StoreFailed('the bucket does not answer', { cause: thrown })
  })

/** Codes of services that say that there is no more room. */
const fullCodes = ['QuotaExceeded', 'XMinioStorageFull', 'InsufficientStorage', 'StorageFull']

function errorOf(status: number, code = `status ${status}`): Error {
  if (status === 507 || fullCodes.includes(code)) return new StoreFull()
  if (status === 401 || status === 403) return new StoreUnavailable(`the bucket refuses the key (${code})`)
  if (status === 404) return new StoreUnavailable(`there is no such bucket (${code})`)
  return new StoreFailed(`the bucket answers ${code}`)
}

/** Text of the first element of that name. Keys and codes here have no character that XML writes otherwise. */
const valueOf = (xml: string, name: string): string | undefined =>
  new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1]
