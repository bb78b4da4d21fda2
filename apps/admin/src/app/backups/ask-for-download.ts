import { HttpErrorResponse } from '@angular/common/http';
import type { Problem } from '@holdfast/api-client';
import type { Api } from '../ui/api.ts';
import { problemOf } from '../ui/problem.ts';

/**
 * Asks whether a backup can be downloaded, and rejects with what is wrong. A browser that follows the link itself says
 * nothing that anybody understands.
 */
export async function askForDownload(api: Pick<Api, 'get' | 'head'>, id: string): Promise<true> {
  const call = { path: { id } };
  const ask = () => api.head('/api/v1/backup/{id}/download', call);
  try {
    await ask();
  } catch (error) {
    if (problemOf(error).status === 0) throw error;
    // An answer to HEAD says that something is wrong, but not what. Reading the backup does, or asks to sign in again.
    const { name } = await api.get('/api/v1/backup/{id}', call);
    await ask().catch((again: unknown) => {
      throw told(again, name);
    });
  }
  return true;
}

/** What is wrong with the download alone, as the API would say it. */
function told(error: unknown, name: string): unknown {
  const { status } = problemOf(error);
  const said: Partial<Record<number, Pick<Problem, 'code' | 'title' | 'detail'>>> = {
    403: { code: 'auth.forbidden', title: 'Not allowed', detail: 'Your role does not include downloading backups' },
    409: { code: 'resource.in_use', title: 'The resource is in use', detail: `${name} is being removed` },
  };
  const problem = said[status];
  if (!problem) return error;
  const whole: Problem = { type: `urn:holdfast:problem:${problem.code}`, status, ...problem };
  return new HttpErrorResponse({ status, error: whole });
}
