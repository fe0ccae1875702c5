import { svelte } from '@sveltejs/vite-plugin-svelte'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import { serviceWorker } from './src/sw/vite-plugin.ts'

const noSecp256k1 = './src/network/libp2p/no-secp256k1.ts'
const noOtherKeys = './src/network/libp2p/no-other-keys.ts'

export default defineConfig({
  plugins: [svelte({ configFile: false }), serviceWorker()],
  // Unused code that no bundler can see to be unused.
  resolve: {
    alias: [
      { find: '@noble/curves/secp256k1.js', replacement: fileURLToPath(new URL(noSecp256k1, import.meta.url)) },
      {
        find: /^\.\/(rsa|ecdsa)\/(der|ecdsa|index|utils)\.js$/,
        replacement: fileURLToPath(new URL(noOtherKeys, import.meta.url))
      }
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
