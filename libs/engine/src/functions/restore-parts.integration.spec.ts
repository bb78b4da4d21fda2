import type { ProjectServer } from '@holdfast/testing/supabase';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackupSummary } from '../backup/backup.ts';
import { calm, environment, failureOf, takeBackup } from '../engine-under-test.ts';
import { restore } from '../restore/restore.ts';
import { FunctionsUnderTest, managementOf, USER } from './functions-under-test.ts';
import { restoreProjectParts, type ProjectParts, type RestoredParts } from './restore-parts.ts';

let project: FunctionsUnderTest;
let cloud: ProjectServer;
let backup: BackupSummary;

beforeAll(async () => {
  project = await FunctionsUnderTest.start('project parts');
  cloud = await project.serveFilled('cloud');
  backup = await project.backUp({ management: managementOf(cloud) }, managementOf(cloud));
});
afterAll(() => project.stop());

describe('parts of a project', () => {
  const guard = { environmentId: environment.id, environmentName: 'spec', projectRef: null, sourceProjectRef: null };
  const asked = (server: ProjectServer, more: Partial<ProjectParts>): Promise<RestoredParts> =>
    restoreProjectParts(
      {
        ...{
          repository: project.repository,
          sourceEnvironmentId: environment.id,
          backupId: backup.backupId,
          dryRun: true,
        },
        ...{ place: () => Promise.resolve({ management: managementOf(server) }), management: managementOf(server) },
        ...{ functions: [], wanted: ['functions'], named: [], applySettings: false, ...more },
      },
      calm,
    );
  const refuse = (server: ProjectServer, path: RegExp) => server.faults.plan({ match: path, times: 1, status: 403 });
  const refusal = expect.objectContaining({ severity: 'blocker', code: 'management.refused' });

  it('that were named and may not be reached stop it, in the dry run as a blocker', async () => {
    const other = await project.serve('refusing');
    for (const functions of [['greet'], []]) {
      refuse(other, /GET .*\/functions$/);
      expect((await asked(other, { functions, named: ['functions'] })).findings).toEqual([refusal]);
    }
    refuse(other, /GET .*\/functions$/);
    expect(await failureOf(asked(other, { named: ['functions'], dryRun: false }))).toMatchObject({
      code: 'management.refused',
    });
    const settings = { wanted: ['settings'], named: ['settings'], applySettings: true } as const;
    refuse(other, /GET .*\/config\/auth/);
    expect((await asked(other, settings)).findings).toEqual([refusal]);
    refuse(other, /GET .*\/config\/auth/);
    expect(await failureOf(asked(other, { ...settings, dryRun: false }))).toMatchObject({ code: 'management.refused' });
  });

  it('that were not named are only told', async () => {
    const other = await project.serve('refusing too');
    for (const dryRun of [true, false]) {
      refuse(other, /GET .*\/functions$/);
      expect(await asked(other, { dryRun })).toMatchObject({
        findings: [{ severity: 'warning', code: 'management.refused' }],
        gaps: [{ code: 'functions-not-restored' }],
      });
    }
  });

  it('without a place, or in no backup, are a blocker where they were named', async () => {
    const nowhere = { place: () => Promise.resolve(null), management: null };
    const codes = async (more: Partial<ProjectParts>) =>
      (await asked(cloud, { ...nowhere, ...more })).findings.map(({ severity, code }) => `${severity} ${code}`);
    const both = ['functions', 'settings'] as const;
    expect(await codes({ wanted: both, named: both, applySettings: true })).toEqual([
      'blocker restore.functions_left_out',
      'blocker restore.settings_left_out',
    ]);
    expect(await codes({ wanted: both })).toEqual([
      'warning restore.functions_left_out',
      'warning restore.settings_left_out',
    ]);
    const { backupId } = await takeBackup(project.database, project.repository);
    expect(await codes({ backupId, wanted: both, named: both })).toEqual([
      'blocker restore.functions_not_in_backup',
      'blocker restore.settings_not_in_backup',
    ]);
    expect(await codes({ backupId, wanted: both })).toEqual([]);
    const unasked = { place: () => Promise.reject(new Error('asked for')), wanted: [] };
    expect(await codes(unasked)).toEqual([]);
  });

  it('of another environment are changed only once its name is typed, whatever its database holds', async () => {
    const other = await project.serve('foreign');
    const strange = { ...guard, environmentId: USER, confirm: null };
    const refused = await failureOf(asked(other, { guard: strange, dryRun: false }));
    expect(refused).toMatchObject({ code: 'restore.wrong_target', hint: expect.stringContaining('confirm: "spec"') });
    const settings = { wanted: ['settings'], applySettings: true, guard: strange } as const;
    expect((await asked(other, settings)).findings).toMatchObject([{ code: 'restore.wrong_target' }]);
    expect((await asked(other, { ...settings, applySettings: false })).findings).toEqual([]);
    expect((await asked(other, { guard: { ...guard, confirm: null } })).findings).toEqual([]);
    const typed = await asked(other, { guard: { ...strange, confirm: 'spec' } });
    expect(typed).toMatchObject({ findings: [{ severity: 'warning' }], functions: { kept: [] } });
  });

  it('without the database and storage need neither, and guard the target', async () => {
    const bare = await project.postgres.createDatabase('without storage');
    const alone = (more: object) =>
      restore(
        {
          ...{
            repository: project.repository,
            sourceEnvironmentId: environment.id,
            backupId: backup.backupId,
            target: bare,
            parallel: 1,
          },
          ...{ newDatabase: null, schemas: [], tables: [], content: 'all', dryRun: false, overwrite: false },
          ...{ components: ['functions'], operationId: USER, ...more },
        },
        calm,
      );
    for (const target of [bare, project.database]) {
      expect(await alone({ target })).toMatchObject({ findings: [], storage: null, keptDatabase: null });
    }
    expect(await failureOf(alone({ components: ['storage', 'functions'] }))).toMatchObject({
      code: 'restore.preflight_failed',
    });
    const strange = { guard: { ...guard, environmentId: USER, confirm: null } };
    expect(await failureOf(alone({ ...strange, changesProject: true }))).toMatchObject({
      code: 'restore.wrong_target',
    });
    expect(await alone(strange)).toMatchObject({ findings: [] });
  });
});
