export * from './download-token.ts';
export * from './keys.ts';
export * from './payload-codec.ts';
export * from './secrets.ts';
