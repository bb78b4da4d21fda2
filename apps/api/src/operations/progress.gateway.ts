import { Inject, Logger, type OnApplicationShutdown } from '@nestjs/common';
import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
  type OnGatewayInit,
} from '@nestjs/websockets';
import { can, OperationError, PROGRESS_EVENT, type ProgressSnapshot } from '@holdfast/contracts';
import type { Operation, PrismaClient } from '@holdfast/prisma';
import type { Server, Socket } from 'socket.io';
import { CredentialsService, type Credential } from '../auth/credentials.service.ts';
import type { Config } from '../config.ts';
import { CONFIG, DATABASE } from '../database/database.module.ts';
import { fromOwnPages, shownCredential, type ShownCredential } from '../http/credential.ts';
import { asOperationError } from '../http/problem.filter.ts';
import { problemOf, type Problem } from '../http/problem.ts';
import { invalidRequest } from '../http/validation.pipe.ts';
import { OperationListener } from './operation-listener.ts';
import { roomsOf, Watch, watched } from './progress-rooms.ts';
import { snapshotOf } from './progress.ts';

const RECHECK_MS = 30_000;
const SNAPSHOTS = 100;
/** Changes of one operation within this time are told once. */
const COALESCE_MS = 20;

/** What `watch` answers: the state now; events with a lower `sequence` are old news. */
export type WatchAnswer = { ok: true; snapshots: ProgressSnapshot[] } | { ok: false; problem: Problem };

interface SocketData {
  shown: ShownCredential;
  actor: Credential;
}

type ProgressSocket = Socket<
  Record<string, never>,
  Record<string, (snapshot: ProgressSnapshot) => void>,
  object,
  SocketData
>;

/** Whoever hears nothing for both together knows that the other side is gone. */
const PING = { pingInterval: 4_000, pingTimeout: 4_000 };

/** Tells progress to whoever watches; sockets are signed in at the handshake and asked again every half minute. */
@WebSocketGateway({
  ...{ path: '/api/socket.io', transports: ['websocket'], serveClient: false, maxHttpBufferSize: 16_384 },
  ...PING,
})
export class ProgressGateway implements OnGatewayInit<Server>, OnApplicationShutdown {
  private readonly log = new Logger('progress-gateway');
  private readonly waiting = new Map<string, NodeJS.Timeout>();
  private recheck: NodeJS.Timeout | null = null;
  @WebSocketServer() private readonly server!: Server;

  constructor(
    private readonly credentials: CredentialsService,
    private readonly listener: OperationListener,
    @Inject(DATABASE) private readonly database: PrismaClient,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  afterInit(server: Server): void {
    server.use((socket, next) => {
      this.signIn(socket as unknown as ProgressSocket).then(
        () => next(),
        (error: unknown) => next(refusal(error)),
      );
    });
    this.listener.hear({ changed: (id) => this.tellSoon(id), missed: () => this.tellAll() });
    this.recheck = setInterval(() => void this.recheckAll(), RECHECK_MS);
    this.recheck.unref();
  }

  onApplicationShutdown(): void {
    if (this.recheck) clearInterval(this.recheck);
    for (const timer of this.waiting.values()) clearTimeout(timer);
  }

  @SubscribeMessage('watch')
  async watch(@ConnectedSocket() socket: ProgressSocket, @MessageBody() body: unknown): Promise<WatchAnswer> {
    try {
      return { ok: true, snapshots: await this.join(socket, body) };
    } catch (error) {
      return { ok: false, problem: problemOf(asOperationError(error), null) };
    }
  }

  private async signIn(socket: ProgressSocket): Promise<void> {
    const { headers, auth } = socket.handshake;
    const token: unknown = auth['token'];
    const shown = typeof token === 'string' && token !== '' ? { token, ambient: false } : shownCredential(headers);
    if (shown?.ambient) {
      const own = ['http', 'https'].map((scheme) => `${scheme}://${headers.host ?? ''}`);
      if (!own.some((origin) => fromOwnPages(headers, origin, this.config.HOLDFAST_ORIGINS))) {
        throw new OperationError('auth.cross_site', 'The connection comes from a page of another site');
      }
    }
    const actor = shown && (await this.credentials.resolve(shown.token));
    if (!actor) throw new OperationError('auth.required', 'Sign in, or give a token that has not expired');
    socket.data.shown = shown;
    socket.data.actor = actor;
  }

  private async join(socket: ProgressSocket, body: unknown): Promise<ProgressSnapshot[]> {
    const parsed = Watch.safeParse(body);
    if (!parsed.success) throw invalidRequest(parsed.error.issues);
    if (!can(socket.data.actor, 'operation.read'))
      throw new OperationError('auth.forbidden', 'You may not see progress');
    await this.requireExisting(parsed.data);
    const { rooms, now } = watched(parsed.data);
    // The rooms first, the state second: nothing that happens in between is missed.
    await socket.join(rooms);
    const rows = await this.database.operation.findMany({
      where: { OR: now },
      orderBy: { id: 'desc' },
      take: SNAPSHOTS,
    });
    return rows.map(snapshotOf);
  }

  private async requireExisting({ environmentId, operationId }: Watch): Promise<void> {
    if (operationId !== undefined && !(await this.database.operation.findUnique({ where: { id: operationId } }))) {
      throw new OperationError('resource.not_found', `There is no operation ${operationId}`);
    }
    if (environmentId === undefined) return;
    const environment = await this.database.environment.findUnique({ where: { id: environmentId } });
    if (!environment || environment.deletedAt) {
      throw new OperationError('resource.not_found', `There is no environment ${environmentId}`);
    }
  }

  private tellSoon(operationId: string): void {
    if (this.waiting.has(operationId) || this.server.sockets.sockets.size === 0) return;
    this.waiting.set(
      operationId,
      setTimeout(() => {
        this.waiting.delete(operationId);
        void this.tell({ id: operationId });
      }, COALESCE_MS),
    );
  }

  private tellAll(): void {
    if (this.server.sockets.sockets.size > 0) void this.tell({});
  }

  // The newest first: after an outage, what ended meanwhile is among them.
  private async tell(where: { id?: string }): Promise<void> {
    try {
      const rows = await this.database.operation.findMany({ where, orderBy: { id: 'desc' }, take: SNAPSHOTS });
      for (const row of rows) this.emit(row);
    } catch (error) {
      this.log.warn(`Progress could not be read: ${asOperationError(error).code}`);
    }
  }

  private emit(row: Operation): void {
    this.server.to(roomsOf(row)).emit(PROGRESS_EVENT, snapshotOf(row));
  }

  /** Asks again who every socket belongs to; closes those whose session or token has ended, or who may see nothing. */
  async recheckAll(): Promise<void> {
    for (const socket of this.server.sockets.sockets.values()) {
      const data = socket.data as SocketData;
      try {
        const actor = await this.credentials.resolve(data.shown.token);
        if (actor && can(actor, 'operation.read')) data.actor = actor;
        else socket.disconnect(true);
      } catch (error) {
        // Our database is away for now; who was signed in stays so until it can be asked.
        this.log.warn(`A socket could not be asked again: ${asOperationError(error).code}`);
      }
    }
  }
}

/** Socket.IO hands `data` to the client's `connect_error`. */
const refusal = (error: unknown): Error => {
  const known = asOperationError(error);
  return Object.assign(new Error(known.message), { data: problemOf(known, null) });
};
