/** Earlier versions named the minute only. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?Z$/;

/** What a backup is called that nobody named: its environment and the second it was asked for. */
export const unnamed = (environmentName: string, at: Date): string =>
  `${environmentName} ${at.toISOString().slice(0, 19)}Z`;

/** Whether `unnamed` made the name, at whatever time. */
export const isUnnamed = (name: string, environmentName: string): boolean =>
  name.startsWith(`${environmentName} `) && INSTANT.test(name.slice(environmentName.length + 1));
