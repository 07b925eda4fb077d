/** A name out of a file, in quotes, for people: control and direction characters visible, at most 120 characters. */
export function printableName(name: string): string {
  const short = name.length > 120 ? `${name.slice(0, 119)}…` : name;
  return JSON.stringify(short).replaceAll(
    /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => {
      return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
    },
  );
}
