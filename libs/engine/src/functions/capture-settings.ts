import type { CoverageGap } from '@holdfast/contracts';
import type { ArtifactWriter } from '../backup/artifact-writer.ts';
import type { PendingArtifact } from '../backup/capture-rows.ts';
import type { Meter } from '../run.ts';
import { Names } from '../storage/names.ts';
import { ManagementClient, type ManagementEndpoint } from './management-client.ts';
import { readSettings } from './project-settings.ts';

export interface CaptureSettingsInput {
  management: ManagementEndpoint;
  writer: ArtifactWriter;
  meter: Meter;
  signal: AbortSignal;
}

export interface CapturedSettings {
  artifact: PendingArtifact;
  gaps: CoverageGap[];
  /** False: the token may read none of them. */
  read: boolean;
}

/** Captures a project's settings without secrets; what is left out is named. */
export async function captureSettings(input: CaptureSettingsInput): Promise<CapturedSettings> {
  const { management, writer, meter, signal } = input;
  meter.step('settings', 'artifacts', 1);
  const client = new ManagementClient(management);
  try {
    const { settings, refused } = await readSettings(client, signal);
    const bytes = writer.begin();
    await bytes.write(Buffer.from(JSON.stringify(settings)));
    const stored = bytes.end();
    meter.add(1, bytes.size);
    const gapOf = (names: string[], code: string, reason: string): CoverageGap[] => {
      const found = new Names();
      for (const name of names) found.add(name);
      return found.asGap(code, reason);
    };
    const secrets = (settings.secrets ?? []).map(({ name }) => name);
    return {
      read: Object.keys(settings.groups).length > 0 || settings.secrets !== null,
      artifact: () => ({ kind: 'settings', name: 'settings', ...stored() }),
      gaps: [
        ...gapOf(refused, 'settings-unreadable', 'The access token may not read these settings.'),
        ...gapOf(settings.dropped, 'settings-secret', 'Settings that are secrets, or look like one, are left out.'),
        ...gapOf(secrets, 'function-secrets', 'Of secrets of functions there are names and digests, no values.'),
      ],
    };
  } finally {
    await client.close();
  }
}
