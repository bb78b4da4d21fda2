import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';
import type { Logger } from '@temporalio/worker';

/** The workflows and all they import as one script for Temporal's sandbox; throws when one reaches outside of it. */
export async function bundleWorkflows(): Promise<{ code: string }> {
  const workflowsPath = fileURLToPath(new URL('./workflows/index.ts', import.meta.url));
  const errors: string[] = [];
  try {
    const { code } = await bundleWorkflowCode({ workflowsPath, logger: onlyErrors((message) => errors.push(message)) });
    return { code };
  } catch (cause) {
    throw new Error(['The workflows cannot be bundled', ...errors].join('\n'), { cause });
  }
}

function onlyErrors(take: (message: string) => void): Logger {
  const ignore = (): void => undefined;
  return { log: ignore, trace: ignore, debug: ignore, info: ignore, warn: ignore, error: take };
}

if (import.meta.main) {
  const [target] = process.argv.slice(2);
  if (target === undefined) throw new Error('Usage: node temporal/bundle.ts <file to write>');
  const { code } = await bundleWorkflows();
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, code);
}
