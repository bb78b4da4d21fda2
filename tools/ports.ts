import { createServer, type Server } from 'node:net';
import { OperationError } from '@holdfast/contracts';

/** A port that nobody else gets until it is released, right before its user is started. */
export interface ReservedPort {
  port: number;
  release(): Promise<void>;
}

export interface WantedPort {
  /** 0: any free port. */
  port: number;
  /** Takes any free port where this one is in use, because nobody asked for it by number. */
  preferred?: boolean;
}

/**
 * Takes every port at once, or none: `resource.in_use` names all that are taken. `onHost` is taken on
 * `host`, all others on 127.0.0.1.
 */
export async function reservePorts<Name extends string>(
  wanted: Record<Name, WantedPort>,
  host: string,
  onHost: NoInfer<Name>,
): Promise<Record<Name, ReservedPort>> {
  const names = Object.keys(wanted) as Name[];
  const held = await Promise.all(
    names.map(async (name) => {
      const { port, preferred } = wanted[name];
      const address = name === onHost ? host : '127.0.0.1';
      const held = await listen(port, address);
      return held ?? (preferred ? await listen(0, address) : null);
    }),
  );
  const missing = names.filter((_, index) => held[index] === null);
  if (missing.length > 0) {
    for (const port of held) await port?.release();
    const list = missing.map((name) => `port ${wanted[name].port} (${name})`).join(', ');
    throw new OperationError('resource.in_use', `In use by another program: ${list}`, {
      hint: 'Stop it, or choose another port; 0 means any free one (see `npm start -- --help`).',
    });
  }
  return Object.fromEntries(names.map((name, index) => [name, held[index]])) as Record<Name, ReservedPort>;
}

function listen(port: number, host: string): Promise<ReservedPort | null> {
  return new Promise((done, fail) => {
    // Whoever connects meanwhile, such as a browser's open page, must not keep the port from being released.
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') done(null);
      else fail(error);
    });
    server.listen({ port, host, exclusive: true }, () => done(held(server)));
  });
}

function held(server: Server): ReservedPort {
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    release: () => new Promise((done) => server.close(() => done())),
  };
}
