import eslint from '@eslint/js';
import nx from '@nx/eslint-plugin';
import angular from 'angular-eslint';
import prettier from 'eslint-config-prettier';
import { importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';
import { holdfast } from './tools/eslint-rules.mjs';

const TYPESCRIPT = ['**/*.ts', '**/*.mts'];
/** Spec files and what only they use. */
const SPECS = ['**/*.spec.ts', '**/*-under-test.ts', '**/*-contract.ts'];

const NODE_GLOBALS = Object.fromEntries(
  ['Buffer', 'URL', 'WebAssembly', 'clearTimeout', 'console', 'crypto', 'fetch', 'process', 'setTimeout'].map(
    (name) => [name, 'readonly'],
  ),
);

/** Who may import whom (docs/architecture.md). A project has exactly one tag; what is not listed is forbidden. */
const MAY_IMPORT = {
  contracts: [],
  crypto: [],
  prisma: [],
  engine: ['contracts', 'crypto'],
  temporal: ['contracts', 'crypto', 'engine', 'prisma'],
  worker: ['contracts', 'crypto', 'engine', 'prisma', 'temporal'],
  api: ['contracts', 'crypto', 'prisma'],
  admin: ['contracts', 'api-client'],
  'api-client': ['contracts'],
  // Itself too: `ignoredCircularDependencies` below makes the rule look at imports within the project.
  testing: ['testing', 'contracts', 'prisma', 'engine'],
  e2e: ['contracts', 'api-client', 'testing', 'tools'],
  tools: ['contracts', 'api-client', 'engine', 'testing', 'temporal'],
};

/** Packages that a project may never use, whoever installed them. */
const BANNED_PACKAGES = {
  contracts: ['*'],
  crypto: ['@nestjs/*', '@prisma/*', '@temporalio/client', '@temporalio/worker', '@temporalio/activity', 'pg'],
  prisma: ['@nestjs/*', '@temporalio/*'],
  engine: ['@nestjs/*', '@prisma/*', '@temporalio/*', 'zod'],
  temporal: ['@nestjs/*', '@temporalio/client'],
  worker: ['@nestjs/*', '@temporalio/client'],
  api: ['@temporalio/worker', '@temporalio/activity', '@temporalio/workflow', 'pg-copy-streams'],
  // In the browser every byte counts, and what is validated is validated by the API.
  admin: ['@nestjs/*', '@prisma/*', '@temporalio/*', 'openapi-fetch', 'zod'],
  tools: ['@nestjs/*'],
};

/** The boundary rule; `extra` scopes are open to all, for spec files. */
function boundaries(extra, banned, allow = []) {
  const depConstraints = Object.entries(MAY_IMPORT).map(([scope, targets]) => ({
    sourceTag: `scope:${scope}`,
    onlyDependOnLibsWithTags: [...new Set([...targets, ...extra])].map((target) => `scope:${target}`),
    bannedExternalImports: banned[scope] ?? [],
  }));
  // Specs of what `testing` is made of use `testing`: a circle of projects, never one of files.
  return ['error', { allow, depConstraints, ignoredCircularDependencies: [['testing', '*']] }];
}

/** `regex` of a module specifier -> why it is refused; `types: true` lets `import type` through. */
const walls = (list) => [
  'error',
  { patterns: list.map(({ regex, message, types }) => ({ regex, message, allowTypeImports: types ?? false })) },
];

export default tseslint.config(
  {
    ignores: [
      '**/dist',
      '**/node_modules',
      '.nx',
      '.angular',
      '.holdfast',
      'coverage',
      'prisma/generated',
      'libs/api-client/src/schema.ts',
      // AssemblyScript: TypeScript by its looks only.
      'libs/engine/row-scanner',
    ],
  },
  // Inline directives are off: an exception stands here, with its reason, or nowhere.
  { linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' } },
  eslint.configs.recommended,
  {
    files: ['**/*.mjs'],
    languageOptions: { globals: NODE_GLOBALS },
  },
  {
    files: TYPESCRIPT,
    extends: [...tseslint.configs.recommended],
    plugins: { '@nx': nx, 'import-x': importX, holdfast },
    settings: {
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts', '.mts'] },
      'import-x/extensions': ['.ts', '.mts'],
    },
    rules: {
      '@nx/enforce-module-boundaries': boundaries([], BANNED_PACKAGES),
      'import-x/no-cycle': ['error', { ignoreExternal: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'holdfast/any-with-reason': 'error',
      'holdfast/file-name': 'error',
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx', 'hack'] }],
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Configuration is read in config.ts, once.' },
      ],
      'no-restricted-imports': [
        'error',
        {
          paths: [{ name: 'node:process', message: 'Use the global `process`; its environment is read in config.ts.' }],
        },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'CatchClause > BlockStatement[body.length=0]',
          message: 'A catch adds knowledge or undoes; an empty one hides.',
        },
        {
          selector: 'MemberExpression[object.name=/^(describe|it|test)$/][property.name=/^(only|skip|todo)$/]',
          message: 'Every test runs.',
        },
      ],
    },
  },
  {
    // These need types; files outside a tsconfig (tool configuration) go without.
    files: TYPESCRIPT,
    ignores: ['**/*.config.ts', '**/*.config.mts'],
    languageOptions: { parserOptions: { project: 'tsconfig.lint.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
    },
  },
  {
    // Nest injects by the constructor's types: an `import type` would erase them.
    files: ['apps/api/**/*.ts'],
    rules: { '@typescript-eslint/consistent-type-imports': 'off' },
  },
  {
    files: ['apps/api/src/**/*.ts'],
    ignores: ['apps/api/src/operations/**', '**/*.spec.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': walls([
        { regex: '^@temporalio/client', message: 'Only apps/api/src/operations talks to Temporal.' },
      ]),
    },
  },
  {
    files: ['apps/admin/src/**/*.ts'],
    extends: [...angular.configs.tsRecommended],
    processor: angular.processInlineTemplates,
    rules: {
      '@angular-eslint/component-selector': ['error', { type: 'element', prefix: 'hf', style: 'kebab-case' }],
      '@angular-eslint/directive-selector': ['error', { type: 'attribute', prefix: 'hf', style: 'camelCase' }],
      '@angular-eslint/prefer-on-push-component-change-detection': 'error',
      '@typescript-eslint/no-restricted-imports': walls([
        { regex: '^node:', message: 'A browser has none of it.' },
        { regex: '^\\.\\./(?!ui/|shell/)', message: 'A page knows its own noun, ui and shell.' },
      ]),
    },
  },
  {
    files: ['apps/admin/src/app/{ui,shell}/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': walls([
        { regex: '^node:', message: 'A browser has none of it.' },
        { regex: '^\\.\\./(?!ui/)', message: 'What all pages use knows none of them, and ui not even the shell.' },
      ]),
    },
  },
  {
    files: ['apps/admin/src/**/*.html'],
    extends: [...angular.configs.templateRecommended, ...angular.configs.templateAccessibility],
  },
  {
    // Runs in the page before anything else.
    files: ['apps/admin/public/**/*.js'],
    languageOptions: { sourceType: 'script', globals: { globalThis: 'readonly' } },
  },
  {
    // Where whoever reports an unexpected error looks first.
    files: ['apps/admin/src/app/shell/unexpected-errors.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    // Workflow code is deterministic: it runs in an isolate and is replayed.
    files: ['temporal/workflows/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': walls([
        {
          regex: '^(?!\\./|@holdfast/contracts$|@temporalio/workflow$|\\.\\./activities/)',
          message: 'A workflow imports @holdfast/contracts, @temporalio/workflow and its neighbours only.',
        },
        { regex: '^\\.\\./activities/', message: 'A workflow imports only the types of activities.', types: true },
      ]),
      'no-restricted-globals': [
        'error',
        ...[
          'process',
          'Buffer',
          'global',
          'require',
          'fetch',
          'setImmediate',
          'performance',
          '__dirname',
          '__filename',
        ],
      ],
    },
  },
  {
    files: ['temporal/activities/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': walls([
        { regex: '^@temporalio/workflow|/workflows(/|$)', message: 'Activities know nothing of workflows.' },
      ]),
    },
  },
  {
    files: SPECS,
    rules: {
      '@nx/enforce-module-boundaries': boundaries(['testing', 'contracts'], {}),
      'max-lines-per-function': 'off',
    },
  },
  {
    // Compares .env.example with what both programs read.
    files: ['tools/env-example.spec.ts'],
    rules: { '@nx/enforce-module-boundaries': boundaries([], {}, ['^\\.\\./apps/(api|worker)/src/config\\.ts$']) },
  },
  {
    files: ['**/config.ts', 'tools/**', '**/*.config.ts', '**/*.config.mts'],
    rules: { 'no-restricted-properties': 'off', 'no-console': 'off' },
  },
  prettier,
);
