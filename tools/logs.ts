import { join } from 'node:path';
import { openLog, type BoundedLog } from './bounded-log.ts';
import { colourFor, readableLine } from './terminal.ts';

/** Where every child's lines go: whole into `<name>.log`, and what people want to read onto the terminal. */
export interface Logs {
  write(name: string, line: string): void;
  close(): void;
}

export function openLogs(directory: string, quiet: boolean): Logs {
  const files = new Map<string, BoundedLog>();
  const colour = colourFor(process.stdout);
  return {
    write(name, line) {
      let file = files.get(name);
      if (!file) files.set(name, (file = openLog(join(directory, `${name}.log`))));
      file.write(line);
      const shown = quiet ? null : readableLine(name, line, colour);
      if (shown !== null) console.log(shown);
    },
    close() {
      for (const file of files.values()) file.close();
      files.clear();
    },
  };
}
