import { relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'eslint/config'
import js from '@eslint/js'
import svelte from 'eslint-plugin-svelte'
import ts from 'typescript-eslint'
import { arrowFault } from './arrows.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Holds the arrows between rooms: see arrows.ts. */
const arrows = {
  meta: { type: 'problem', schema: [] },
  create(context) {
    const file = relative(root, context.filename).split(sep).join('/')
    const check = (node) => {
      const { source } = node
      if (source?.type !== 'Literal' || typeof source.value !== 'string') return
      const fault = arrowFault(file, source.value)
      if (fault !== undefined) context.report({ node: source, message: fault })
    }
    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check
    }
  }
}

/** Ids that print as their text. */
const libp2pIds = ['PeerId', 'Ed25519PeerId', 'RSAPeerId', 'Secp256k1PeerId', 'URLPeerId'].map((name) => ({
  from: 'package',
  package: '@libp2p/interface',
  name
}))

export default defineConfig(
  { ignores: ['**/node_modules', 'dist', 'test/vectors', 'test/bench/vendor'] },
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: root } },
    plugins: { quire: { rules: { arrows } } },
    rules: { 'quire/arrows': 'error' }
  },
  {
    files: ['**/*.ts'],
    extends: [js.configs.recommended, ...ts.configs.recommendedTypeChecked],
    rules: {
      // TypeScript knows what is defined, and what is unused (noUnusedLocals).
      'no-undef': 'off',
      '@typescript-eslint/no-unused-vars': 'off',
      // An interface whose methods may wait has implementations that need not.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true, allow: [...libp2pIds, { from: 'lib', name: ['Error', 'URL'] }] }
      ],
      // A variable that a function reads may have to stand before the line that gives it its value.
      'prefer-const': ['error', { ignoreReadBeforeAssign: true }],
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
      'eqeqeq': ['error', 'always', { null: 'ignore' }],
      'no-eval': 'error'
    }
  },
  {
    files: ['src/**/*.ts'],
    rules: { 'no-console': 'error' }
  },
  {
    files: ['test/**/*.ts'],
    // Tests hand about what programs print and pages return, and break things on purpose.
    rules: {
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/unbound-method': 'off'
    }
  },
  {
    files: ['**/*.svelte'],
    extends: [js.configs.recommended, ...ts.configs.recommended, ...svelte.configs.recommended],
    languageOptions: { parserOptions: { projectService: false, parser: ts.parser } },
    rules: {
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
  },
  {
    files: ['**/*.js'],
    extends: [js.configs.recommended],
    languageOptions: {
      parserOptions: { projectService: false },
      globals: { URL: 'readonly', console: 'readonly', process: 'readonly' }
    }
  }
)
