import { Global, Module } from '@nestjs/common';
import { AuthController } from './auth.controller.ts';
import { AuthService } from './auth.service.ts';
import { CredentialsService } from './credentials.service.ts';

@Global()
@Module({
  controllers: [AuthController],
  providers: [AuthService, CredentialsService],
  exports: [CredentialsService],
})
export class AuthModule {}
