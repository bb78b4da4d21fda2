/** A step's name for people: `pre-data` becomes "Pre-data". */
export const stepLabel = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);
