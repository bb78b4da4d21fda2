// The API of the demo projects in one process, as the stack runs it: `node demo-server.ts <file>`. What it serves stands
// in that file, because arguments can be read by `ps`.
import { readFile } from 'node:fs/promises';
import { startProjectServer, type ProjectServerOptions } from '@holdfast/testing/supabase';

const file = process.argv[2];
if (file === undefined) throw new Error('expected the path of a file that lists the projects');
const projects = JSON.parse(await readFile(file, 'utf8')) as ProjectServerOptions[];
const servers = await Promise.all(projects.map(startProjectServer));

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    // Requests under way are cut off: their clients hear it, and the stack does not wait.
    void Promise.all(servers.map((server) => server.stop())).finally(() => process.exit(0));
  });
}
console.log(JSON.stringify({ level: 30, msg: 'serving', urls: servers.map(({ url }) => url) }));
