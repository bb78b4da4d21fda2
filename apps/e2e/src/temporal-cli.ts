import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findTemporal, toolsDir } from '@holdfast/testing';

/** Runs Temporal's own command-line client against a server, as an operator does; answers what it prints. */
export async function temporal(address: string, ...args: string[]): Promise<string> {
  const program = await findTemporal(toolsDir());
  if (!program) throw new Error(`no temporal in ${toolsDir()}`);
  const { stdout } = await promisify(execFile)(program, [...args, '--address', address], { maxBuffer: 200_000_000 });
  return stdout;
}
