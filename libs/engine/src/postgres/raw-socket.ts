import { Socket } from 'node:net';

const READ_BYTES = 256 << 10;

/** Who is given what a socket reads instead of its stream; false: no more until it is resumed. */
type Taker = (bytes: Buffer) => boolean;
const takers = new WeakMap<Socket, Taker>();
const raw = new WeakSet<Socket>();

/**
 * A socket that reads into one buffer, again and again, instead of a new one for each read: a gigabyte of rows would be
 * 16,000 buffers to make and to collect. As a stream it works like any other.
 */
export function rawSocket(): Socket {
  const socket: Socket = new Socket({
    onread: {
      buffer: Buffer.allocUnsafeSlow(READ_BYTES),
      callback: (length, buffer) => {
        const bytes = Buffer.from(buffer.buffer, buffer.byteOffset, length);
        const take = takers.get(socket);
        return take ? take(bytes) : socket.push(Buffer.from(bytes));
      },
    },
  });
  raw.add(socket);
  return socket;
}

/**
 * Gives what the socket reads to `take`, as views that are valid only during the call; answers the way back, which hands
 * the bytes that were not wanted to those who listened before.
 */
export function takeOver(socket: Socket, take: Taker): (rest: Buffer) => void {
  if (raw.has(socket)) {
    takers.set(socket, take);
    return (rest) => {
      takers.delete(socket);
      socket.push(Buffer.from(rest));
    };
  }
  const listeners = socket.listeners('data') as ((bytes: Buffer) => void)[];
  socket.removeAllListeners('data');
  socket.on('data', take);
  return (rest) => {
    socket.off('data', take);
    for (const listener of listeners) {
      socket.on('data', listener);
      listener(rest);
    }
  };
}
