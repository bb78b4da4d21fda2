import type { ProgressSnapshot } from '@holdfast/contracts';

/** What can be watched: operations of an environment, one operation, or all that one may see. */
export type Room = { environmentId: string } | { operationId: string } | { all: true };

/** How many operations one watch remembers; the oldest ended long before. */
const REMEMBERED = 1_000;

/** One place in the console that listens; old news does not come through. */
export class Watch {
  readonly room: Room;
  private readonly tell: (snapshot: ProgressSnapshot) => void;
  private readonly latest = new Map<string, number>();

  constructor(room: Room, tell: (snapshot: ProgressSnapshot) => void) {
    this.room = room;
    this.tell = tell;
  }

  /** Passes on what belongs to the room and is newer than what came before. */
  hear(snapshot: ProgressSnapshot): void {
    const { operationId, sequence } = snapshot;
    if (!belongs(this.room, snapshot) || sequence <= (this.latest.get(operationId) ?? -1)) return;
    // Put at the end, so that the first one is the one that was quiet for longest.
    this.latest.delete(operationId);
    this.latest.set(operationId, sequence);
    const [quietest] = this.latest.keys();
    if (this.latest.size > REMEMBERED && quietest !== undefined) this.latest.delete(quietest);
    this.tell(snapshot);
  }
}

function belongs(room: Room, { operationId, environmentId }: ProgressSnapshot): boolean {
  if ('operationId' in room) return room.operationId === operationId;
  return 'all' in room || room.environmentId === environmentId;
}
