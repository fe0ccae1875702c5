import { defineConfig } from 'eslint/config'
import js from '@eslint/js'
import svelte from 'eslint-plugin-svelte'
import ts from 'typescript-eslint'
import quire from './arrows-plugin.js'

/** Components, which oxlint does not read; ../../.oxlintrc.json is for everything else. */
export default defineConfig(
  { ignores: ['**/node_modules', 'dist', 'test/vectors', 'test/bench/vendor', '**/*.ts', '**/*.js'] },
  {
    files: ['**/*.svelte'],
    extends: [js.configs.recommended, ...ts.configs.recommended, ...svelte.configs.recommended],
    plugins: { quire },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    languageOptions: { parserOptions: { parser: ts.parser } },
    rules: {
      'quire/arrows': 'error',
      'no-undef': 'off',
      // svelte-check tells what is unused, and knows what the markup uses.
      'no-unused-vars': 'off',
      '@typescript-eslint/no-unused-vars': 'off',
      // svelte-check is the one that warns and that the comments speak to.
      'svelte/no-unused-svelte-ignore': 'off',
      // Not every Map and Set that a component makes is state.
      'svelte/prefer-svelte-reactivity': 'off',
      // The routes are in the hash: there is no router whose links would have to be resolved.
      'svelte/no-navigation-without-resolve': 'off'
    }
  }
)
