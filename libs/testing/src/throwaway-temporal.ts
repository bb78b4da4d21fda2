import { toolsDir } from './config.ts';
import { startTemporal, type TemporalServer } from './temporal-server.ts';

/** Starts a real Temporal development server on free ports, with our search attributes; it keeps nothing. */
export const throwawayTemporal = (): Promise<TemporalServer> => startTemporal({ toolsDir: toolsDir() });
