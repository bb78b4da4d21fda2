import { Module, StandardSchemaSerializerInterceptor, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { LoggerModule } from 'nestjs-pino';
import type { DestinationStream } from 'pino';
import { AuditModule } from './audit/audit.module.ts';
import { AuthModule } from './auth/auth.module.ts';
import { BackupsModule } from './backups/backups.module.ts';
import type { Config } from './config.ts';
import { DatabaseModule } from './database/database.module.ts';
import { EnvironmentsModule } from './environments/environments.module.ts';
import { HealthController } from './health/health.controller.ts';
import { loggingOf } from './http/logging.ts';
import { ProblemFilter } from './http/problem.filter.ts';
import { RateLimitGuard } from './http/rate-limit.guard.ts';
import { SignInGuard } from './http/sign-in.guard.ts';
import { ValidationPipe } from './http/validation.pipe.ts';
import { OperationsModule } from './operations/operations.module.ts';
import { OverviewModule } from './overview/overview.module.ts';
import { RepositoriesModule } from './repositories/repositories.module.ts';
import { StorageModule } from './storage/storage.module.ts';
import { TokensModule } from './tokens/tokens.module.ts';
import { UsersModule } from './users/users.module.ts';
import { ViewsModule } from './views/views.module.ts';

// `environments/overview`, `backup/audit` and `backup/storage` before `…/:id`, which would take them for an id.
const NOUNS = [
  AuthModule,
  UsersModule,
  TokensModule,
  ViewsModule,
  OverviewModule,
  EnvironmentsModule,
  RepositoriesModule,
  AuditModule,
  StorageModule,
  BackupsModule,
  OperationsModule,
];

/** The whole API, wired for one configuration. */
@Module({})
export class AppModule {
  static with(config: Config, logTo?: DestinationStream): DynamicModule {
    return {
      module: AppModule,
      imports: [LoggerModule.forRoot(loggingOf(config, logTo)), DatabaseModule.with(config), ...NOUNS],
      controllers: [HealthController],
      providers: [
        // In this order: who hammers is stopped before anything is looked up.
        { provide: APP_GUARD, useClass: RateLimitGuard },
        { provide: APP_GUARD, useClass: SignInGuard },
        { provide: APP_PIPE, useClass: ValidationPipe },
        { provide: APP_INTERCEPTOR, useClass: StandardSchemaSerializerInterceptor },
        { provide: APP_FILTER, useClass: ProblemFilter },
      ],
    };
  }
}
