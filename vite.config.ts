import { svelte } from '@sveltejs/vite-plugin-svelte'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import { serviceWorker } from './src/sw/vite-plugin.ts'

const standIn = (name: string): string => fileURLToPath(new URL(`./src/network/libp2p/${name}.ts`, import.meta.url))

const webRtc = dirname(fileURLToPath(import.meta.resolve('@libp2p/webrtc')))

export default defineConfig({
  plugins: [svelte({ configFile: false }), serviceWorker()],
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
  worker: { format: 'es' },
  build: {
    target: 'es2024',
    emptyOutDir: true,
    // A data: URL in a style sheet or image would need a wider content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false }
  }
})
