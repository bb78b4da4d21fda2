import { inject, Injectable, signal } from '@angular/core';
import { Title } from '@angular/platform-browser';
import { TitleStrategy, type RouterStateSnapshot } from '@angular/router';

/** The document's title: of the route, until the page knows a better one. */
@Injectable({ providedIn: 'root' })
export class PageTitle extends TitleStrategy {
  private readonly title = inject(Title);
  private readonly words = signal('');
  readonly current = this.words.asReadonly();

  override updateTitle(state: RouterStateSnapshot): void {
    this.set(this.buildTitle(state) ?? '');
  }

  /** For pages whose title needs what they have read, such as a name. */
  set(words: string): void {
    this.words.set(words);
    this.title.setTitle(words ? `${words} · Holdfast` : 'Holdfast');
  }
}
