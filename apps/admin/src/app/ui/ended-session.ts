import { HttpErrorResponse, type HttpEvent, type HttpInterceptorFn } from '@angular/common/http';
import { inject, untracked } from '@angular/core';
import { catchError, from, switchMap, throwError, type Observable } from 'rxjs';
import { problemOf } from './problem.ts';
import { Session } from './session.ts';

/** What signs in and out knows by itself what a refusal means. */
const OF_THE_SESSION = /\/api\/v1\/auth\/(me|sign-in|sign-out)$/;

/**
 * Where the API no longer knows our session, a request waits until the same person has signed in again, and is then made
 * once more: nothing was done before. A wrong password is not that.
 */
export const endedSession: HttpInterceptorFn = (request, next) => {
  const session = inject(Session);
  const attempt = (): Observable<HttpEvent<unknown>> => {
    const asker = untracked(session.me);
    return next(request).pipe(
      catchError((error: unknown) => {
        const ended = error instanceof HttpErrorResponse && problemOf(error).code === 'auth.required';
        if (!ended || OF_THE_SESSION.test(request.url)) return throwError(() => error);
        return from(session.ended(asker)).pipe(switchMap((again) => (again ? attempt() : throwError(() => error))));
      }),
    );
  };
  return attempt();
};
