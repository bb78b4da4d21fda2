import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { OperationError } from '@holdfast/contracts';
import type { PrismaClient } from '@holdfast/prisma';
import type { Response } from 'express';
import { writeAudit } from '../audit/write-audit.ts';
import { DATABASE } from '../database/database.module.ts';
import type { Requester } from '../http/requester.ts';
import type { BackupRow } from './backup.view.ts';
import { BackupsService } from './backups.service.ts';
import { WorkerHttp } from './worker-http.service.ts';

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
    private readonly worker: WorkerHttp,
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
    const answer = await this.worker.open({ path: `/downloads/${id}`, subject: id }, gone.signal);
    if (!answer.body) throw new OperationError('worker.unavailable', 'The worker sent nothing');
    const body = Readable.fromWeb(answer.body);
    await this.audit(backup, requester);
    try {
      await pipeline(body, response);
    } catch (error) {
      if (!gone.signal.aborted) throw error;
      this.log.log(`The download of ${id} was given up by its client, or cut by the worker`);
    }
  }

  private audit(backup: BackupRow, requester: Requester): Promise<void> {
    return writeAudit(this.database, requester, {
      action: 'backup.downloaded',
      resourceKind: 'backup',
      resourceId: backup.id,
      environmentId: backup.environmentId,
      after: { name: backup.name, environmentName: backup.environment.name },
    });
  }
}
