import { z } from 'zod';

/** The id in a path; `what` is what it names, with its article. */
export const idOf = (what: string) => z.uuid().describe(`The \`id\` of ${what}, as its list tells it`);

/** What everything that people edit tells, described once. */
export const versionField = z.int().describe('Grows by one with each change. In quotes it is the ETag');
export const createdAtField = z.iso.datetime().describe('When it was added');
export const updatedAtField = z.iso.datetime().describe('When it was last changed');
