import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** The directories in which the shell would look for a command. */
export const searchPath = (): string[] => (process.env['PATH'] ?? '').split(delimiter).filter(Boolean);

/** The user's cache directory as the XDG specification places it. */
export const cacheDir = (): string => process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
