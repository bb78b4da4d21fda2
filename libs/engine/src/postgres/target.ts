import type { AddressAllowance, TlsMode } from '@holdfast/contracts';

/** One database of one Postgres server, with everything needed to sign in to it. */
export interface PostgresTarget {
  host: string;
  port: number;
  database: string;
  user: string;
  password: string;
  tlsMode: TlsMode;
  /** PEM of the certificate authority that signs the server, where the system does not know it. */
  caCertificate: string | null;
  /** Which special addresses the host may have; left out: any. */
  allowance?: AddressAllowance;
}
