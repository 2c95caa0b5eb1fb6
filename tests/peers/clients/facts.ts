// What a story is told on its command line, and how it fails.
import { readFileSync } from 'node:fs';

export interface Facts {
  base_url: string;
  access_token: string;
  /** What the person's authenticator made for the ceremony. */
  passkey: { ceremony: string; credential: unknown };
  mastodon: { service: string; account_id: string; code: string };
  bluesky: { service: string; identifier: string; app_password: string };
  sha256: string;
}

export function facts(): Facts {
  return JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as Facts;
}

/** The body of a success, whose type the generated client knows. */
export function body<T>(name: string, answer: { data?: T; error?: unknown; response?: Response }): T {
  if (answer.data === undefined) throw new Error(`${name}: ${answer.response?.status} ${JSON.stringify(answer.error)}`);
  return answer.data;
}

export function check(what: string, holds: boolean): void {
  if (!holds) throw new Error(what);
}

export function tell(story: () => Promise<void>): void {
  story().catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
}
