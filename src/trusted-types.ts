/**
 * The one way to a worker's script. Where the page demands Trusted Types, a worker starts only from a value that this
 * policy made, and it makes one only for scripts that were built with the page: never for `/stream/`, which answers
 * with what strangers shared.
 */
interface WorkerPolicy {
  createScriptURL(url: string): unknown
}
interface PolicyFactory {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): WorkerPolicy
}

/** A URL that is no script of ours was about to be started: a fault in this program, or an attack on it. */
class ForeignWorkerUrl extends TypeError {}

const policy = policyFactory()?.createPolicy('quire-worker', { createScriptURL: ownWorkerUrl })

/**
 * `url` of a built worker (`/sw.js`, `/assets/….js`), ready for `new Worker` and `serviceWorker.register`. Typed as the
 * string that it stands for, since TypeScript's DOM takes nothing else.
 * @throws TypeError for any other URL
 */
export function trustedWorkerUrl(url: string): string {
  return (policy ? policy.createScriptURL(url) : ownWorkerUrl(url)) as string
}

function policyFactory(): PolicyFactory | undefined {
  return (globalThis as { trustedTypes?: PolicyFactory }).trustedTypes
}

function ownWorkerUrl(url: string): string {
  const home = new URL(import.meta.env.BASE_URL, document.baseURI)
  const script = new URL(url, home)
  const within = script.origin === home.origin && script.pathname.startsWith(home.pathname)
  const path = script.pathname.slice(home.pathname.length)
  const built = /^(sw\.js|assets\/[\w.-]+\.js)$/.test(path)
  // Without a build, vite serves workers from their sources.
  const source = import.meta.env.DEV && (path.startsWith('src/') || path.startsWith('node_modules/'))
  if (within && (built || source)) return script.href
  throw new ForeignWorkerUrl(`not a worker of this program: ${url}`)
}
