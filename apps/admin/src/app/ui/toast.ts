import { ChangeDetectionStrategy, Component, inject } from '@angular/core';
import { MatIconButton } from '@angular/material/button';
import { MAT_SNACK_BAR_DATA, MatSnackBarRef } from '@angular/material/snack-bar';
import { RouterLink } from '@angular/router';
import { mdiAlertCircleOutline, mdiClose } from '@mdi/js';
import { Icon } from './icon.ts';

/** What a toast says. */
export interface ToastContent {
  message: string;
  tone: 'neutral' | 'danger';
  link?: { label: string; url: string };
}

@Component({
  selector: 'hf-toast',
  imports: [Icon, MatIconButton, RouterLink],
  template: `
    @if (content.tone === 'danger') {
      <hf-icon [path]="alert" />
    }
    <span class="message">{{ content.message }}</span>
    @if (content.link; as link) {
      <a [routerLink]="link.url" (click)="ref.dismiss()">{{ link.label }}</a>
    }
    <button matIconButton type="button" aria-label="Dismiss" (click)="ref.dismiss()"><hf-icon [path]="close" /></button>
  `,
  styleUrl: './toast.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Toast {
  protected readonly content = inject<ToastContent>(MAT_SNACK_BAR_DATA);
  protected readonly ref = inject<MatSnackBarRef<Toast>>(MatSnackBarRef);
  protected readonly alert = mdiAlertCircleOutline;
  protected readonly close = mdiClose;
}
