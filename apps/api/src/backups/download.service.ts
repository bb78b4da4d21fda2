import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { isErrorCode, OperationError } from '@holdfast/contracts';
import { signDownload } from '@holdfast/crypto';
import type { PrismaClient } from '@holdfast/prisma';
import type { Response } from 'express';
import { writeAudit } from '../audit/write-audit.ts';
import type { Config } from '../config.ts';
import { CONFIG, DATABASE } from '../database/database.module.ts';
import type { Requester } from '../http/requester.ts';
import type { BackupRow } from './backup.view.ts';
import { BackupsService } from './backups.service.ts';

/** Long enough for a worker to open the repository; the token is asked for at the beginning only. */
const TOKEN_SECONDS = 60;

/** A file name that every system takes, from an environment's and a backup's name. */
export const downloadName = (environment: string, backup: string): string => {
  const plain = (backup.startsWith(environment) ? backup : `${environment}-${backup}`)
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-');
  return `${plain.replaceAll(/^[-.]+|[-.]+$/g, '').slice(0, 150) || 'backup'}.tar`;
};

/** Passes a backup's tar on from a worker; the API itself never reads a repository. */
@Injectable()
export class DownloadService {
  private readonly log = new Logger('download');

  constructor(
    @Inject(DATABASE) private readonly database: PrismaClient,
    @Inject(CONFIG) private readonly config: Config,
    private readonly backups: BackupsService,
  ) {}

  /** Streams the tar into the response; a client that goes away stops the worker, a worker that fails breaks the answer. */
  async stream(id: string, requester: Requester, response: Response): Promise<void> {
    const backup = await this.backups.requireWhole(id);
    response.status(200).type('application/x-tar');
    const name = downloadName(backup.environment.name, backup.name);
    response.setHeader('Content-Disposition', `attachment; filename="${name}"`);
    response.setHeader('Cache-Control', 'no-store');
    // Express answers HEAD by the route of GET; a worker need not read a backup for it.
    if (response.req.method === 'HEAD') return void response.end();
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const body = await this.open(id, gone.signal);
    await this.audit(backup, requester);
    try {
      await pipeline(body, response);
    } catch (error) {
      if (!gone.signal.aborted) throw error;
      this.log.log(`The download of ${id} was given up by its client, or cut by the worker`);
    }
  }

  private async open(id: string, signal: AbortSignal): Promise<Readable> {
    const base = this.config.HOLDFAST_WORKER_URL;
    if (base === undefined) {
      throw new OperationError('worker.unavailable', 'This API knows no worker to download from', {
        hint: 'Set HOLDFAST_WORKER_URL.',
      });
    }
    const token = signDownload(this.config.HOLDFAST_MASTER_KEY, id, Date.now() / 1000 + TOKEN_SECONDS);
    const answer = await this.ask(new URL(`/downloads/${id}`, base), token, signal);
    if (!answer.ok) throw await refusal(answer);
    if (!answer.body) throw new OperationError('worker.unavailable', 'The worker sent nothing');
    return Readable.fromWeb(answer.body);
  }

  private async ask(url: URL, token: string, signal: AbortSignal) {
    try {
      return await fetch(url, { headers: { authorization: `Bearer ${token}` }, signal, redirect: 'error' });
    } catch (cause) {
      throw new OperationError('worker.unavailable', 'The worker cannot be reached for the download', {
        hint: 'Is a worker running, and does HOLDFAST_WORKER_URL lead to it?',
        cause,
      });
    }
  }

  private audit(backup: BackupRow, requester: Requester): Promise<void> {
    return writeAudit(this.database, requester, {
      action: 'backup.downloaded',
      resourceKind: 'backup',
      resourceId: backup.id,
      environmentId: backup.environmentId,
    });
  }
}

/** What a worker said instead of a tar. */
async function refusal(answer: globalThis.Response): Promise<OperationError> {
  const body: unknown = await answer.json().catch(() => null);
  const { code, detail } = (body ?? {}) as { code?: unknown; detail?: unknown };
  if (isErrorCode(code) && code !== 'auth.required') {
    return new OperationError(code, typeof detail === 'string' ? detail : 'The worker refused the download');
  }
  return new OperationError('worker.unavailable', `The worker refused the download (${answer.status})`, {
    hint: 'Do API and worker have the same master key, and the right time?',
  });
}
