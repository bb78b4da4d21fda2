/** The filter for text that holds these characters, in whatever case; none of them is a wildcard. */
export const contains = (text: string): { contains: string; mode: 'insensitive' } => ({
  contains: text.replace(/[\\%_]/g, '\\$&'),
  mode: 'insensitive',
});
