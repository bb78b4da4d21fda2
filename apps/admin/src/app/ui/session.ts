import { computed, inject, Injectable, Injector, signal } from '@angular/core';
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
  private readonly injector = inject(Injector);
  private readonly known = signal<Schemas['Me'] | null>(null);
  private readonly trouble = signal<Problem | null>(null);
  /** The dialog that asks to sign in again, while it is open. */
  private asking: Promise<boolean> | null = null;
  /** Between asking for the end of the session and having left the page. */
  private leaving = false;

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
    await this.signOutBy(() => this.api.send('post', '/api/v1/auth/sign-out', {}));
  }

  /** Ends every session of the account, this one too. */
  async signOutEverywhere(): Promise<void> {
    await this.signOutBy(() => this.api.send('post', '/api/v1/auth/sign-out-everywhere', {}));
  }

  /**
   * The API does not know the session of `asker`, who was signed in when it was asked. Has the same person sign in again
   * over the page, so that what was typed there stays. True once they have: what was refused may be asked for again.
   */
  async ended(asker: Schemas['Me'] | null): Promise<boolean> {
    const now = this.known();
    if (!asker || !now || this.leaving) return false;
    // Refused late: they have signed in again since.
    if (now !== asker) return now.account.id === asker.account.id;
    this.asking ??= this.askAgain(asker.account).finally(() => (this.asking = null));
    return this.asking;
  }

  private async askAgain({ id, email }: Schemas['Me']['account']): Promise<boolean> {
    const returned = () => this.returned(id);
    const signIn = async (password: string): Promise<boolean> => {
      await this.api.send('post', '/api/v1/auth/sign-in', { body: { email, password, kind: 'cookie' } });
      return returned();
    };
    // Not part of the first load: most visits end before their session does. Where an upgrade took the script away, the
    // sign-in page needs none of this version.
    const again = await import('./sign-in-again.ts')
      .then(({ signInAgain }) => signInAgain(this.injector, { email, signIn, returned }))
      .catch(() => false);
    if (again) return true;
    await this.leave({ return: this.router.url, ended: true });
    return false;
  }

  /** Whether the browser's cookie is of this account (again). */
  private async returned(accountId: string): Promise<boolean> {
    try {
      const me = await this.api.get('/api/v1/auth/me', {});
      if (me.account.id !== accountId) return false;
      this.known.set(me);
      return true;
    } catch (error) {
      if (problemOf(error).status === 401) return false;
      throw error;
    }
  }

  private async signOutBy(end: () => Promise<void>): Promise<void> {
    this.leaving = true;
    try {
      await end();
      await this.leave();
    } catch (error) {
      if (problemOf(error).status !== 401) throw error;
      await this.leave({ return: this.router.url, ended: true });
    } finally {
      this.leaving = false;
    }
  }

  private async leave(queryParams: Record<string, string | boolean> = {}): Promise<void> {
    this.known.set(null);
    await this.router.navigate(['/sign-in'], { queryParams });
  }
}
