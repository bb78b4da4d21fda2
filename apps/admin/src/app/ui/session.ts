import { computed, inject, Injectable, signal } from '@angular/core';
import { Router } from '@angular/router';
import type { Permission, Role } from '@holdfast/contracts';
import type { Problem } from '@holdfast/api-client';
import { Api, type Schemas } from './api.ts';
import { problemOf } from './problem.ts';

/** Who is signed in. The cookie is the browser's alone; this is what the API says about it. */
@Injectable({ providedIn: 'root' })
export class Session {
  private readonly api = inject(Api);
  private readonly router = inject(Router);
  private readonly known = signal<Schemas['Me'] | null>(null);
  private readonly trouble = signal<Problem | null>(null);

  readonly me = this.known.asReadonly();
  /** Why nobody can say who is signed in: the API does not answer. */
  readonly problem = this.trouble.asReadonly();
  readonly signedIn = computed(() => this.known() !== null);
  readonly role = computed((): Role | null => this.known()?.account.role ?? null);
  private readonly permissions = computed(() => new Set(this.known()?.permissions));

  /** Whether the API would allow it; for hiding what would be refused. */
  may(permission: Permission): boolean {
    return this.permissions().has(permission);
  }

  /** Asks who is signed in; false when nobody is. Where the API does not answer, `problem` says so. */
  async load(): Promise<boolean> {
    try {
      this.known.set(await this.api.get('/api/v1/auth/me', {}));
      this.trouble.set(null);
      return true;
    } catch (error) {
      const problem = problemOf(error);
      this.trouble.set(problem.status === 401 ? null : problem);
      return problem.status !== 401;
    }
  }

  /** Signs in; false when the browser did not keep the cookie. Rejects with what the API says. */
  async signIn(email: string, password: string): Promise<boolean> {
    await this.api.send('post', '/api/v1/auth/sign-in', { body: { email, password, kind: 'cookie' } });
    return this.load();
  }

  async signOut(): Promise<void> {
    await this.api.send('post', '/api/v1/auth/sign-out', {});
    await this.leave();
  }

  /** Ends every session of the account, this one too. */
  async signOutEverywhere(): Promise<void> {
    await this.api.send('post', '/api/v1/auth/sign-out-everywhere', {});
    await this.leave();
  }

  /** The API no longer knows our session: to the sign-in page, which leads back here. */
  async ended(): Promise<void> {
    if (!this.signedIn()) return;
    await this.leave({ return: this.router.url, ended: true });
  }

  private async leave(queryParams: Record<string, string | boolean> = {}): Promise<void> {
    this.known.set(null);
    await this.router.navigate(['/sign-in'], { queryParams });
  }
}
