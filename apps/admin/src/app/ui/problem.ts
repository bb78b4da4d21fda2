import { HttpErrorResponse } from '@angular/common/http';
import type { Resource } from '@angular/core';
import { problemOf as toldIn, type Problem } from '@holdfast/api-client';

/** What went wrong, whatever it was: the API's own problem, or one of the same form for an API that did not answer. */
export function problemOf(error: unknown): Problem {
  if (!(error instanceof HttpErrorResponse)) return notForeseen(error);
  const told = toldIn(readable(error.error));
  if (told) return told;
  if (error.status === 0) return unreachable;
  return {
    ...{ type: 'about:blank', title: 'Something else answered', status: error.status, code: 'client.foreign_answer' },
    detail: `The answer (${error.status}) is not one of Holdfast's API.`,
    hint: 'A proxy between this browser and Holdfast may have answered.',
  };
}

/**
 * What went wrong with what a resource reads. Nothing while it is read again: a page then shows that it waits, and
 * nobody presses for what is under way.
 */
export function problemIn({ error, isLoading }: Pick<Resource<unknown>, 'error' | 'isLoading'>): Problem | null {
  const wrong = isLoading() ? undefined : error();
  return wrong ? unlessMistyped(wrong) : null;
}

/** What an address of the API is about, where an id follows. */
const NOUNS: Record<string, string> = {
  ...{ progress: 'operation', backup: 'backup', environments: 'environment', repositories: 'repository' },
  entries: 'audit entry',
};

/** What has no id's form is as little there as what has one: both are an address that leads nowhere. */
function unlessMistyped(error: Error): Problem {
  const problem = problemOf(error);
  const mistyped = problem.status === 400 && problem.errors?.length === 1 && problem.errors[0]?.at === 'id';
  const [, noun = '', id = ''] = /(\w+)\/([^/?]+)(?:\?.*)?$/.exec((error as HttpErrorResponse).url ?? '') ?? [];
  if (!mistyped || !(noun in NOUNS)) return problem;
  return {
    ...{ type: 'urn:holdfast:problem:resource.not_found', code: 'resource.not_found', title: 'Not found', status: 404 },
    detail: `There is no ${NOUNS[noun]} ${decodeURIComponent(id)}`,
  };
}

/** True where trying the same again may help without anything being changed. */
export const isPassing = ({ status }: Problem): boolean => status === 0 || status === 429 || status >= 502;

const unreachable: Problem = {
  type: 'about:blank',
  title: 'Holdfast does not answer',
  status: 0,
  code: 'client.unreachable',
  detail: 'The API could not be reached from this browser, or did not answer in time.',
  hint: 'Check the network, and that Holdfast runs. This page goes on once it answers.',
};

const notForeseen = (error: unknown): Problem => ({
  ...{ type: 'about:blank', title: 'Something went wrong in the console', status: -1, code: 'client.error' },
  detail: error instanceof Error ? error.message : String(error),
});

function readable(body: unknown): unknown {
  if (typeof body !== 'string') return body;
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
