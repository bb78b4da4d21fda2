import { delimiter } from 'node:path';
import { defaultToolsDir } from '@holdfast/engine/embedded';

/** Where setup put Postgres and Temporal. */
export const toolsDir = (): string => process.env['HOLDFAST_TOOLS_DIR'] || defaultToolsDir();

/** The Temporal CLI that the user chose, if any. */
export const chosenTemporal = (): string | undefined => process.env['HOLDFAST_TEMPORAL_BIN'] || undefined;

/** The directories in which the shell would look for a command. */
export const searchPath = (): string[] => (process.env['PATH'] ?? '').split(delimiter).filter(Boolean);

/** Our own environment with more in it, for programs that are started. */
export const environmentWith = (more: Record<string, string>): NodeJS.ProcessEnv => ({ ...process.env, ...more });
