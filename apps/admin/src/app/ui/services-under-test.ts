// Angular's packages finish compiling when they are loaded, which a build does beforehand.
import '@angular/compiler';
import { DOCUMENT, type EnvironmentProviders, type Provider } from '@angular/core';
import { getTestBed, type TestBed } from '@angular/core/testing';
import { BrowserTestingModule, platformBrowserTesting } from '@angular/platform-browser/testing';

/** Of a page, what Angular itself asks for. */
const PAGE = { getElementById: () => null };

/** Makes stores and services as the console does, in Node: without a page, and with these in place of others. */
export function servicesWith(providers: (Provider | EnvironmentProviders)[]): TestBed {
  const bed = getTestBed();
  // Once for all spec files that share a worker.
  if (!(bed.ngModule as unknown)) {
    bed.initTestEnvironment(BrowserTestingModule, platformBrowserTesting([{ provide: DOCUMENT, useValue: PAGE }]));
  }
  return bed.resetTestingModule().configureTestingModule({ providers });
}
