import type { AddressAllowance } from '@holdfast/contracts';
import type { ScratchServers } from '@holdfast/engine';
import type { PrismaClient } from '@holdfast/prisma';

/** What the activities of one worker process work with. */
export interface ActivityDependencies {
  database: PrismaClient;
  /** 32 bytes; opens the environments' passwords. */
  masterKey: Uint8Array;
  /** Which special addresses environments may have. */
  allowance: AddressAllowance;
  /** Where Postgres servers and clients are installed. */
  toolsDir: string;
  /** Tables at once. */
  parallel: number;
  /** Absolute directories; what is no file below one of them is no project's functions. */
  functionsRoots: string[];
  scratch: ScratchServers;
}
