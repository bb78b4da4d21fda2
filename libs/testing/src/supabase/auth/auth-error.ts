/** A refusal in the words of the Auth server. */
export class AuthError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const authRefusals = {
  wrongPassword: () => new AuthError(400, 'invalid_credentials', 'Invalid login credentials'),
  noToken: () => new AuthError(401, 'no_authorization', 'This endpoint requires a valid Bearer token'),
  badToken: (why: string) => new AuthError(403, 'bad_jwt', `invalid JWT: unable to parse or verify signature, ${why}`),
  notAdmin: () => new AuthError(403, 'not_admin', 'User not allowed'),
  noUser: () => new AuthError(404, 'user_not_found', 'User not found'),
  noRefreshToken: () => new AuthError(400, 'refresh_token_not_found', 'Invalid Refresh Token: Refresh Token Not Found'),
  taken: () => new AuthError(422, 'email_exists', 'A user with this email address has already been registered'),
  registered: () => new AuthError(422, 'user_already_exists', 'User already registered'),
  weak: () => new AuthError(422, 'weak_password', 'Password should be at least 6 characters.'),
  invalid: (message: string) => new AuthError(400, 'validation_failed', message),
  broken: (message: string) => new AuthError(500, 'unexpected_failure', message),
  noRoute: () => new AuthError(404, 'not_found', '404 page not found'),
};
