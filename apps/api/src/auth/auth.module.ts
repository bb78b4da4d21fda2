import { Global, Module } from '@nestjs/common';
import { AuthController } from './auth.controller.ts';
import { AuthService } from './auth.service.ts';
import { CredentialsService } from './credentials.service.ts';
import { SessionsController } from './sessions.controller.ts';
import { SessionsService } from './sessions.service.ts';

@Global()
@Module({
  controllers: [AuthController, SessionsController],
  providers: [AuthService, CredentialsService, SessionsService],
  exports: [CredentialsService],
})
export class AuthModule {}
