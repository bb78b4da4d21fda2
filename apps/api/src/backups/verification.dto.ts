import { OPERATION_STATUSES, VERDICTS, VERIFY_LEVELS } from '@holdfast/contracts';
import { z } from 'zod';
import { CoverageGapView } from '../environments/probe-report.dto.ts';

const LEVELS =
  '`presence`: every stored file is there and as long as it should be. `checksum`: every stored byte is what was ' +
  'written. `content`: everything is opened, and rows are counted and compared. `restore`: a trial restore';
const VERDICTS_MEAN =
  '`proven`: nothing is wrong as far as the level looks. `proven-with-gaps`: nor is it, but the trial restore left ' +
  'something out. `damaged`: stored bytes are wrong or missing. `different`: the trial restore is not equal to the source';

/** What is known of how good a backup is, wherever it is told. */
export const takenAtField = z.iso.datetime().describe('The instant of the snapshot, which all in it is of');
export const verifiedLevelField = z
  .enum(VERIFY_LEVELS)
  .nullable()
  .describe(`How far the verification on record went; null: there is none. ${LEVELS}`);
export const verifiedAtField = z.iso
  .datetime()
  .nullable()
  .describe('When the verification on record ended; null: there is none');
export const verdictField = z
  .enum(VERDICTS)
  .nullable()
  .describe(`What the verification on record found; null: there is none. ${VERDICTS_MEAN}`);

export const CoverageView = z
  .object({
    included: z.array(z.string()).describe('What it holds, each in words'),
    gaps: z.array(CoverageGapView).describe('What it does not hold, by kind, and why'),
  })
  .meta({ id: 'Coverage' });

const Damaged = z.object({
  artifact: z
    .string()
    .describe('Its name, or that of a storage object; `manifest` or `holdfast.json` where that does not open'),
  problem: z
    .string()
    .describe(
      'What was found: `missing`, `size`, `checksum`, `content` or `rows`; a sentence where a file does not open',
    ),
  cost: z.string().describe('What losing it would cost, in words'),
});

const Different = z.object({
  kind: z
    .string()
    .describe('What kind of thing differs, such as `rows`, `column` or `policy`')
    .meta({ example: 'rows' }),
  subject: z.string().describe('Which one, by its name as SQL quotes it').meta({ example: 'public.orders' }),
  expected: z.string().nullable().describe('As the backup has it; null: it has none'),
  found: z.string().nullable().describe('As it was restored; null: it is not there'),
  protection: z.boolean().describe('True where protection shrank: a policy, row security, or a grant that widened'),
});

export const VerificationView = z
  .object({
    level: z.enum(VERIFY_LEVELS).describe(`How far it went. ${LEVELS}`),
    verdict: z.enum(VERDICTS).describe(`What it found. ${VERDICTS_MEAN}`),
    damaged: z.array(Damaged).describe('Artifacts with wrong or missing bytes, at most 200'),
    damagedCount: z.int().describe('How many are damaged, also beyond those 200'),
    differences: z.array(Different).describe('What the trial restore has otherwise than the source, at most 200'),
    differenceCount: z.int().describe('How many differences there are, also beyond those 200'),
    gaps: z.array(CoverageGapView).describe('What the trial restore could not look at, and why'),
    artifacts: z.int().describe('How many artifacts the backup has'),
    bytes: z.number().describe('Plain bytes of its artifacts and objects'),
    tables: z.int().describe('How many tables it has rows of'),
    rows: z.number().describe('Rows of all its tables'),
    objects: z.number().optional().describe('Storage objects in it; absent in results of earlier versions'),
    seconds: z.number().describe('How long the verification took'),
  })
  .meta({ id: 'VerificationResult' });

export const ValidationStatus = z
  .object({
    backupId: z.uuid().describe('The backup that this is about'),
    status: z
      .enum(['never', 'running', 'proven', 'proven-with-gaps', 'damaged', 'different'])
      .describe('`running` while a verification is on its way, else the last verdict'),
    verifiedLevel: verifiedLevelField,
    verifiedAt: verifiedAtField,
    result: VerificationView.nullable().describe('The last result on record'),
    operation: z
      .object({
        id: z.uuid().describe('The operation'),
        status: z.enum(OPERATION_STATUSES).describe('How it stands; the last three are final'),
      })
      .nullable()
      .describe('The newest verification, running or ended'),
  })
  .meta({ id: 'ValidationStatus' });
export type ValidationStatus = z.output<typeof ValidationStatus>;

export const ValidateBackup = z
  .strictObject({
    level: z
      .enum(VERIFY_LEVELS)
      .default('restore')
      .describe(`Each level does all that the ones before it do. ${LEVELS}`),
  })
  .meta({ id: 'ValidateBackup' });
export type ValidateBackup = z.output<typeof ValidateBackup>;
