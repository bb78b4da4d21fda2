import { HttpErrorResponse, type HttpInterceptorFn } from '@angular/common/http';
import { inject } from '@angular/core';
import { catchError, throwError } from 'rxjs';
import { problemOf } from './problem.ts';
import { Session } from './session.ts';

/** Leads to the sign-in page when the API no longer knows our session. A wrong password is not that. */
export const endedSession: HttpInterceptorFn = (request, next) => {
  const session = inject(Session);
  return next(request).pipe(
    catchError((error: unknown) => {
      if (error instanceof HttpErrorResponse && problemOf(error).code === 'auth.required') void session.ended();
      return throwError(() => error);
    }),
  );
};
