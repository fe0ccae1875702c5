import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/{core,store,network,engine,relay,ui,sw}/**/*.test.ts', 'test/*.test.ts'], environment: 'node' } }
    ]
  }
})
