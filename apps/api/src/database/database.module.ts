import { Global, Inject, Module, type DynamicModule, type OnModuleDestroy } from '@nestjs/common';
import { openDatabase, type Prisma, type PrismaClient } from '@holdfast/prisma';
import type { Config } from '../config.ts';

export const CONFIG = Symbol('config');
export const DATABASE = Symbol('database');

/** A Prisma client or the transaction of one. */
export type Transaction = Prisma.TransactionClient;

/** Gives every module the configuration and our own database, which connects on first use. */
@Global()
@Module({})
export class DatabaseModule implements OnModuleDestroy {
  constructor(@Inject(DATABASE) private readonly database: PrismaClient) {}

  static with(config: Config): DynamicModule {
    return {
      module: DatabaseModule,
      providers: [
        { provide: CONFIG, useValue: config },
        { provide: DATABASE, useFactory: () => openDatabase(config.DATABASE_URL) },
      ],
      exports: [CONFIG, DATABASE],
    };
  }

  async onModuleDestroy(): Promise<void> {
    await this.database.$disconnect();
  }
}
