import { Injectable } from '@nestjs/common';
import type { ContentsAnswer, ContentsQuestion, ObjectsAnswer, ObjectsQuestion } from '@holdfast/contracts';
import { z } from 'zod';
import { decodeCursor, encodeCursor } from '../http/paging.ts';
import { BackupsService } from './backups.service.ts';
import type { BackupContents, BackupObjects, ContentsQuery, ObjectsQuery } from './contents.dto.ts';
import { WorkerHttp } from './worker-http.service.ts';

const placeOf = (list: 'contents' | 'objects') => z.strictObject({ list: z.literal(list), from: z.int().min(0) });

/** Lets a worker tell what is inside a backup. */
@Injectable()
export class ContentsService {
  constructor(
    private readonly worker: WorkerHttp,
    private readonly backups: BackupsService,
  ) {}

  async contents(id: string, query: ContentsQuery, signal: AbortSignal): Promise<BackupContents> {
    const from = decodeCursor(query.cursor, placeOf('contents'));
    const { limit, kind: kinds = [], schema = null, search = null } = query;
    const asked: ContentsQuestion = { kinds, schema, search, limit, from: from?.from ?? 0 };
    const { items, next, summary } = await this.ask<ContentsAnswer>('contents', id, asked, signal);
    return { items, nextCursor: cursorOf('contents', next), summary: from === null ? summary : null };
  }

  async objects(id: string, query: ObjectsQuery, signal: AbortSignal): Promise<BackupObjects> {
    const from = decodeCursor(query.cursor, placeOf('objects'));
    const { limit, bucket = null, prefix = null, search = null } = query;
    const asked: ObjectsQuestion = { bucket, prefix, search, limit, from: from?.from ?? 0 };
    const { items, next } = await this.ask<ObjectsAnswer>('objects', id, asked, signal);
    return { items, nextCursor: cursorOf('objects', next) };
  }

  private async ask<T>(
    list: 'contents' | 'objects',
    id: string,
    asked: ContentsQuestion | ObjectsQuestion,
    signal: AbortSignal,
  ): Promise<T> {
    await this.backups.requireWhole(id);
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(asked)) {
      for (const one of [value].flat()) if (one !== null) query.append(name, String(one));
    }
    return this.worker.read<T>({ path: `/${list}/${id}?${query}`, subject: `${list}/${id}` }, signal);
  }
}

const cursorOf = (list: 'contents' | 'objects', next: number | null): string | null =>
  next === null ? null : encodeCursor({ list, from: next });
