import { describe, expect, it } from 'vitest';
import { chosenComponents, type ProjectAccess } from './components.ts';

const plain: ProjectAccess = {
  ...{ name: 'shop', projectUrl: null, sealedServiceKey: null },
  ...{ projectRef: null, sealedAccessToken: null, functionsDirectory: null },
};
const cloud: ProjectAccess = { ...plain, projectRef: 'abcdefghijklmnopqrst', sealedAccessToken: 'v1.x' };
const selfHosted: ProjectAccess = { ...plain, functionsDirectory: '/srv/functions' };

describe('what a backup holds', () => {
  it('is all that the environment can give, unless said', () => {
    expect(chosenComponents(undefined, plain)).toEqual(['database']);
    expect(chosenComponents(undefined, selfHosted)).toEqual(['database', 'functions']);
    expect(chosenComponents(undefined, cloud)).toEqual(['database', 'functions', 'settings']);
    expect(chosenComponents(undefined, { ...cloud, sealedAccessToken: null })).toEqual(['database']);
  });

  it('is what was asked for, in one order', () => {
    expect(chosenComponents(['settings', 'database', 'settings'], cloud)).toEqual(['database', 'settings']);
  });

  it('is refused where the environment does not tell how to reach it, naming what is missing', () => {
    expect(() => chosenComponents(['database', 'settings', 'functions'], plain)).toThrow(
      expect.objectContaining({
        code: 'backup.component_unavailable',
        message: expect.stringContaining('shop cannot give this: settings needs projectRef and accessToken'),
        errors: [
          { at: 'components.1', message: 'settings needs projectRef and accessToken of the environment' },
          {
            at: 'components.2',
            message: 'functions needs functionsDirectory, or projectRef and accessToken of the environment',
          },
        ],
      }),
    );
  });
});
