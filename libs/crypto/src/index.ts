export * from './keys.ts';
export * from './payload-codec.ts';
export * from './secrets.ts';
export * from './worker-token.ts';
