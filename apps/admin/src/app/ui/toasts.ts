import { inject, Injectable } from '@angular/core';
import { MatSnackBar } from '@angular/material/snack-bar';
import type { Problem } from '@holdfast/api-client';
import { Toast, type ToastContent } from './toast.ts';

const SHOWN_MS = 8_000;

/** Short messages at the lower edge, told politely to screen readers; one at a time. */
@Injectable({ providedIn: 'root' })
export class Toasts {
  private readonly snackBar = inject(MatSnackBar);

  /** Says something; `link` leads to what it is about. */
  say(message: string, link?: ToastContent['link']): void {
    this.show({ message, tone: 'neutral', ...(link && { link }) });
  }

  /** Says that an operation was started, and leads to it. */
  started(message: string, operationId: string): void {
    this.say(message, { label: 'Watch', url: `/operations/${operationId}` });
  }

  /** Says what went wrong, where there is no place on the page for it. */
  failed({ title, detail }: Pick<Problem, 'title' | 'detail'>): void {
    this.show({ message: detail || title, tone: 'danger' });
  }

  private show(data: ToastContent): void {
    this.snackBar.openFromComponent(Toast, { data, duration: SHOWN_MS, politeness: 'polite' });
  }
}
