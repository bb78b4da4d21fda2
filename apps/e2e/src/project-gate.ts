import { once } from 'node:events';
import { createServer, request as ask, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An address of a project that counts what passes, and can hold it up. */
export interface ProjectGate {
  url: string;
  /** Requests that passed, as `METHOD /path`. */
  passed: string[];
  /** Holds up every request that matches once `count` of them have passed; `held` resolves when the first one waits. */
  holdAfter(matches: RegExp, count: number): { held: Promise<void>; open: () => void };
  close(): void;
}

interface Hold {
  matches: RegExp;
  left: number;
  arrived: () => void;
  opened: Promise<void>;
}

function pass(to: URL, request: IncomingMessage, response: ServerResponse): void {
  const { method, url, headers } = request;
  const { hostname, port } = to;
  const onward = ask({ hostname, port, method, path: url, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 500, answer.headers);
    answer.pipe(response);
  });
  // whoever asked was killed, or the project went away: the other end is to notice
  onward.on('error', () => response.destroy());
  response.on('close', () => onward.destroy());
  request.pipe(onward);
}

/** Stands before a project's server on an address of its own. */
export async function projectGate(projectUrl: string): Promise<ProjectGate> {
  const to = new URL(projectUrl);
  const passed: string[] = [];
  let hold: Hold | null = null;
  const wait = async (line: string): Promise<void> => {
    if (!hold?.matches.test(line)) return;
    if (hold.left-- > 0) return;
    hold.arrived();
    await hold.opened;
  };
  const server = createServer((request, response) => {
    const line = `${request.method} ${request.url}`;
    void wait(line).then(() => {
      if (request.destroyed && !request.complete) return;
      passed.push(line);
      pass(to, request, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    passed,
    holdAfter(matches, count) {
      const [arrived, opened] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      hold = { matches, left: count, arrived: arrived.resolve, opened: opened.promise };
      return {
        held: arrived.promise,
        open: () => {
          hold = null;
          opened.resolve();
        },
      };
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
