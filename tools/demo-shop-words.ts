/** What stands at a place of a fixed list, chosen by a hash: the same rows on every machine. */
export const pick = (words: string[], number: string, salt: number): string =>
  `(array[${words.map((word) => `'${word.replaceAll("'", "''")}'`).join(', ')}])[1 + pg_temp.roll(${number}, ${salt}, ${words.length})]`;

export const FIRST = [
  'Ada',
  'Ben',
  'Chloé',
  'Dmitri',
  'Elif',
  'Finn',
  'Grace',
  'Hugo',
  'Ines',
  'Jonas',
  'Kaja',
  'Luca',
  'Mina',
  'Noah',
  'Olga',
  'Paul',
  'Quinn',
  'Rosa',
  'Søren',
  'Tess',
  'Uma',
  'Viktor',
  'Wanda',
  'Yusuf',
  'Zoë',
];
const LAST = [
  'Almeida',
  'Brandt',
  'Costa',
  'Dubois',
  'Eriksen',
  'Fischer',
  'García',
  'Hansen',
  'Ivanova',
  'Jansen',
  'Kowalski',
  'Lehmann',
  'Müller',
  'Novak',
  "O'Brien",
  'Petit',
  'Rossi',
  'Schmidt',
  'Tanaka',
  'Ueda',
  'Vogel',
  'Weber',
  'Yilmaz',
  'Zimmer',
];
export const CITIES = [
  'Berlin',
  'Hamburg',
  'Köln',
  'Lyon',
  'Porto',
  'Malmö',
  'Zürich',
  'Leeds',
  'Gdańsk',
  'Bergen',
  'Verona',
  'Graz',
];
const STREETS = [
  'Harbour Road',
  'Mill Lane',
  'Lindenweg',
  'Rue des Lilas',
  'Via Roma',
  'Kanalgatan',
  'Hill Street',
  'Seestraße',
];
export const THINGS = [
  'Kayak',
  'Paddle',
  'Tent',
  'Backpack',
  'Rope',
  'Helmet',
  'Lantern',
  'Stove',
  'Jacket',
  'Boots',
  'Compass',
  'Drybag',
  'Wetsuit',
  'Bicycle',
  'Sleeping bag',
  'Harness',
];
export const KINDS = [
  'Alpine',
  'Coastal',
  'Classic',
  'Light',
  'Pro',
  'Junior',
  'Trail',
  'Arctic',
  'River',
  'Storm',
  'Summit',
  'Weekend',
];
const SENTENCES = [
  'Made for long days outside and short nights inside.',
  'The fabric is recycled and survives a decade of weekends.',
  'Arrived two days late, but the quality makes up for it.',
  'Please check the size table before you order.',
  'My kids love it; it fits into every car we tried.',
  'The zip broke after a month, support sent a new one at once.',
  'Works as described: light, quiet and easy to clean.',
  'Could you tell me when my parcel will be here?',
  'We booked for four and everybody wants to come back.',
  'The guide knew every stone of the river.',
  'I would like to change the date of my booking, please.',
  'Invoice attached, thank you for the quick answer.',
];
export const AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64) Firefox/131.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Safari/605.1',
  'Mozilla/5.0 (Windows NT 10.0; Win64) Chrome/130.0',
  'HarbourHill-Android/4.2.1',
];

export const name = (number: string, salt: number): string =>
  `${pick(FIRST, number, salt)} || ' ' || ${pick(LAST, number, salt + 1)}`;
export const sentence = (number: string, salt: number): string => pick(SENTENCES, number, salt);
export const address = (number: string, salt: number): string =>
  `row(${pick(STREETS, number, salt)} || ' ' || 1 + pg_temp.roll(${number}, ${salt + 1}, 180), lpad(pg_temp.roll(${number}, ${salt + 2}, 99999)::text, 5, '0'), ${pick(CITIES, number, salt + 3)}, ${pick(['DE', 'FR', 'IT', 'GB', 'PT', 'SE'], number, salt + 4)})::public.postal_address`;
/** A moment within the demo's year, from its first day on. */
export const moment = (number: string, salt: number, days = 360): string =>
  `timestamptz '2025-12-01 06:00+00' + pg_temp.roll(${number}, ${salt}, ${days * 86_400}) * interval '1 second'`;

/** Functions that live as long as the connection; nothing of them stays in the project. */
export const DICE = `
create function pg_temp.roll(number bigint, salt int, sides int) returns int language sql immutable parallel safe
  as $$ select ((hashint8extended(number, salt) & 9223372036854775807) % sides)::int $$;
`;
