import { svelte } from '@sveltejs/vite-plugin-svelte'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import { serviceWorker } from './src/sw/vite-plugin.ts'

const standIn = (name: string): string => fileURLToPath(new URL(`./src/network/libp2p/${name}.ts`, import.meta.url))

const webRtc = dirname(fileURLToPath(import.meta.resolve('@libp2p/webrtc')))

/** Nothing asks a page for the version of Svelte, and what keeps styles apart by file may be short. */
const lean: NonNullable<Parameters<typeof svelte>[0]>['compilerOptions'] = {
  discloseVersion: false,
  cssHash: ({ hash, filename }) => `q${hash(filename).slice(0, 4)}`
}

export default defineConfig({
  plugins: [svelte({ configFile: false, compilerOptions: lean }), serviceWorker()],
  resolve: {
    alias: [
      // Unused code that no bundler can see to be unused.
      { find: '@noble/curves/secp256k1.js', replacement: standIn('no-secp256k1') },
      { find: /^\.\/(rsa|ecdsa)\/(der|ecdsa|index|utils)\.js$/, replacement: standIn('no-other-keys') },
      { find: /^\.\/(discovery|connection-monitor)\.js$/, replacement: standIn('no-such-parts') },
      { find: /^\.\/(content|peer)-routing\.js$/, replacement: standIn('no-routing') },
      { find: '@libp2p/logger', replacement: standIn('no-logs') },
      // Needed by few pages, and later.
      { find: './private-to-public/transport.js', replacement: standIn('direct-later') },
      { find: 'libp2p-webrtc-direct', replacement: join(webRtc, 'private-to-public/transport.browser.js') },
      // It would ask third parties.
      { find: '@multiformats/dns', replacement: standIn('no-dns') }
    ]
  },
  // Notes for bundlers are of no use to a browser.
  worker: { format: 'es', rolldownOptions: { output: { comments: false } } },
  build: {
    target: 'es2024',
    emptyOutDir: true,
    // A data: URL in a style sheet or image would need a wider content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false }
  }
})
