import { basename } from 'node:path';

const VAGUE_NAMES = ['base', 'common', 'core', 'helpers', 'manager', 'misc', 'shared', 'types', 'utils'];
const KEBAB_CASE = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9-]+)*$/;

/** `any` needs a comment that says why, at the end of its line or on the line above. */
const anyWithReason = {
  meta: { type: 'problem', schema: [], messages: { reason: 'Say in a comment on this line, or above it, why `any`.' } },
  create: (context) => ({
    TSAnyKeyword(node) {
      const line = node.loc.start.line;
      const explained = context.sourceCode
        .getAllComments()
        .some((comment) => [line, line - 1].includes(comment.loc.end.line) && /\bany\b/.test(comment.value));
      if (!explained) context.report({ node, messageId: 'reason' });
    },
  }),
};

/** Kebab-case, and a name that says what is inside. */
const fileName = {
  meta: {
    type: 'problem',
    schema: [],
    messages: { kebab: 'Name the file in kebab-case.', vague: 'Name the file after what it holds, not `{{name}}`.' },
  },
  create: (context) => ({
    Program(node) {
      const file = basename(context.filename).replace(/\.m?[jt]s$/, '');
      const name = file.split('.')[0];
      if (!KEBAB_CASE.test(file)) context.report({ node, messageId: 'kebab' });
      if (VAGUE_NAMES.includes(name)) context.report({ node, messageId: 'vague', data: { name } });
    },
  }),
};

/** Our own ESLint rules, for what no published rule checks. */
export const holdfast = { rules: { 'any-with-reason': anyWithReason, 'file-name': fileName } };
