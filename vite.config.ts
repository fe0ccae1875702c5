import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'
import { serviceWorker } from './src/sw/vite-plugin.ts'

export default defineConfig({
  plugins: [svelte({ configFile: false }), serviceWorker()],
  worker: { format: 'es' },
  build: {
    target: 'es2024',
    emptyOutDir: true,
    // A data: URL in a style sheet or image would need a wider content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false }
  }
})
