import { COMPONENTS, RESTORE_CONTENTS, type Component, type RestoreContent } from '@holdfast/contracts';
import type { Schemas } from '../ui/api.ts';

export const STEPS = ['what', 'where', 'check', 'run'] as const;
export type Step = (typeof STEPS)[number];

const WHATS = ['all', 'schemas', 'tables', 'components'] as const;
export type What = (typeof WHATS)[number];

const WHERES = ['new', 'own', 'other'] as const;
export type Where = (typeof WHERES)[number];

/** What is restored, and where; the URL holds all of it. Null: as the API has it. */
export interface RestoreChoices {
  what: What;
  schemas: readonly string[];
  tables: readonly string[];
  components: readonly Component[];
  content: RestoreContent;
  where: Where;
  /** The environment that receives it, or whose server gets the new database; null: the backup's own. */
  environmentId: string | null;
  newDatabase: string;
  applySettings: boolean;
  safetyBackup: boolean | null;
  quarantine: boolean | null;
  compareRows: boolean | null;
}

/** Where the wizard is: the step, and the operations that it started. */
export interface RestorePlace {
  step: Step;
  /** The dry run whose report is shown. */
  preflight: string | null;
  /** The restore itself. */
  operation: string | null;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The part of a URL's query that is read. */
interface Query {
  get(name: string): string | null;
  getAll(name: string): string[];
}

const among = <T extends string>(all: readonly T[], text: string | null): T | undefined =>
  all.find((one) => one === text);
const idIn = (text: string | null): string | null => (text !== null && UUID.test(text) ? text : null);
const answerIn = (text: string | null): boolean | null => (text === 'yes' || text === 'no' ? text === 'yes' : null);
const answer = (value: boolean | null): string | null => (value === null ? null : value ? 'yes' : 'no');
const namesIn = (texts: string[]): string[] => [...new Set(texts.map((text) => text.trim()).filter(Boolean))];

/** Choices of a URL; what is none is left out. A link that names another environment means its database. */
export function choicesOf(query: Query, ownEnvironmentId: string): RestoreChoices {
  const given = idIn(query.get('environmentId'));
  const environmentId = given === ownEnvironmentId ? null : given;
  return {
    what: among(WHATS, query.get('what')) ?? 'all',
    schemas: namesIn(query.getAll('schema')),
    tables: namesIn(query.getAll('table')),
    components: COMPONENTS.filter((component) => query.getAll('component').includes(component)),
    content: among(RESTORE_CONTENTS, query.get('content')) ?? 'all',
    where: among(WHERES, query.get('where')) ?? (environmentId === null ? 'new' : 'other'),
    environmentId,
    newDatabase: query.get('database') ?? '',
    applySettings: query.get('settings') === 'yes',
    safetyBackup: answerIn(query.get('safety')),
    quarantine: answerIn(query.get('quarantine')),
    compareRows: answerIn(query.get('compare')),
  };
}

/** Choices as the router writes them into the URL; null takes one out. */
export const queryOf = (choices: RestoreChoices) => ({
  what: choices.what === 'all' ? null : choices.what,
  schema: listed(choices.schemas),
  table: listed(choices.tables),
  component: listed(choices.components),
  content: choices.content === 'all' ? null : choices.content,
  where: choices.where,
  environmentId: choices.where === 'own' ? null : choices.environmentId,
  database: choices.newDatabase || null,
  settings: choices.applySettings ? 'yes' : null,
  safety: answer(choices.safetyBackup),
  quarantine: answer(choices.quarantine),
  compare: answer(choices.compareRows),
});

const listed = <T extends string>(names: readonly T[]): readonly T[] | null => (names.length > 0 ? names : null);

/** The place of a URL. Without what a step needs, it is the one before. */
export function placeOf(query: Query): RestorePlace {
  const preflight = idIn(query.get('preflight'));
  const operation = idIn(query.get('operation'));
  const asked = among(STEPS, query.get('step')) ?? 'what';
  const step = asked === 'run' && operation === null ? 'check' : asked;
  return { step: step === 'check' && preflight === null ? 'where' : step, preflight, operation };
}

/** Whether enough is chosen to go on from a step. */
export function isChosen(step: 'what' | 'where', choices: RestoreChoices): boolean {
  const { what, where } = choices;
  if (step === 'what') return what === 'all' || choices[what].length > 0;
  if (where === 'new') return choices.newDatabase.trim() !== '';
  return where === 'own' || choices.environmentId !== null;
}

/** The database that is made; null for every restore that goes into one that is there. */
export const newDatabaseOf = ({ where, newDatabase }: RestoreChoices): string | null =>
  where === 'new' ? newDatabase.trim() : null;

/** Whether both ask for the same: what is chosen and not asked for makes no other restore. */
export const isSameRestore = (one: RestoreChoices, other: RestoreChoices): boolean =>
  JSON.stringify(requestOf(one, { dryRun: true })) === JSON.stringify(requestOf(other, { dryRun: true }));

/** What the API is asked for. */
export function requestOf(
  choices: RestoreChoices,
  { dryRun, confirm = null }: { dryRun: boolean; confirm?: string | null },
): Schemas['RestoreBackup'] {
  const { what, where, content, environmentId, safetyBackup, quarantine, compareRows } = choices;
  const isNew = where === 'new';
  return {
    ...(where !== 'own' && environmentId !== null && { environmentId }),
    newDatabase: newDatabaseOf(choices),
    schemas: what === 'schemas' ? [...choices.schemas] : [],
    tables: what === 'tables' ? [...choices.tables] : [],
    components: what === 'components' ? [...choices.components] : null,
    content: what === 'components' ? 'all' : content,
    applySettings: !isNew && choices.applySettings,
    safetyBackup: isNew ? null : safetyBackup,
    ...{ overwrite: !isNew, dryRun, confirm, quarantine, compareRows },
  };
}
